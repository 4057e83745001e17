// Bounds for what a parser of Markdown spends on hostile or broken text: its rules look back and ahead, so that twenty
// thousand marks in one paragraph would take it minutes. Nothing that people read comes near any of these.

/** @import { Lexer, Token, Tokens } from "../../vendor/marked/marked.esm.js" */

const MARKS = /[*_~`$[\]\\<&@]|https?:/g;
const MARKS_AT_ONCE = 400;
const CHARACTERS_AT_ONCE = 8000;
/** A paragraph with more is no prose: it is shown as it was written. */
const MOST_MARKS = 4000;
const NESTS_TOO_DEEP = /^(?:[ \t]*(?:>|[-*+][ \t]|\d{1,9}[.)][ \t])){30}/m;

/**
 * Whether quotes or lists lie so deep in one another that the parser would run out of stack.
 *
 * @param {string} source
 */
export const nestsTooDeep = (source) => NESTS_TOO_DEEP.test(source);

/**
 * A text as one block that is shown as it was written.
 *
 * @param {string} source
 */
export const plain = (source) => ({ type: "paragraph", raw: source, text: source, tokens: [textToken(source)] });

/** @param {string} text */
const textToken = (text) => /** @type {Tokens.Text} */ ({ type: "text", raw: text, text, escaped: false });

/**
 * Let a lexer take the inside of a paragraph in pieces of bounded size.
 *
 * @param {Lexer} lexer
 */
export function boundInline(lexer) {
  const whole = lexer.inlineTokens.bind(lexer);
  lexer.inlineTokens = (source, /** @type {Token[]} */ tokens = [], ...rest) => {
    const marks = (source.match(MARKS) ?? []).length;
    if (marks <= MARKS_AT_ONCE && source.length <= CHARACTERS_AT_ONCE) return whole(source, tokens, ...rest);
    if (marks > MOST_MARKS) {
      tokens.push(textToken(source));
      return tokens;
    }
    for (const piece of pieces(source)) whole(piece, tokens, ...rest);
    return tokens;
  };
}

/** @param {string} source */
function* pieces(source) {
  let from = 0;
  while (from < source.length) {
    const to = end(source, from);
    yield source.slice(from, to);
    from = to;
  }
}

// After so many marks or characters, at the last blank before.
/**
 * @param {string} source
 * @param {number} from
 */
function end(source, from) {
  let to = Math.min(source.length, from + CHARACTERS_AT_ONCE);
  MARKS.lastIndex = from;
  for (let marks = 0; marks < MARKS_AT_ONCE; marks += 1) {
    const match = MARKS.exec(source);
    if (!match || match.index >= to) break;
    if (marks === MARKS_AT_ONCE - 1) to = match.index;
  }
  MARKS.lastIndex = 0;
  if (to >= source.length) return source.length;
  const blank = Math.max(source.lastIndexOf(" ", to), source.lastIndexOf("\n", to));
  return blank > from ? blank + 1 : Math.max(to, from + 1);
}
