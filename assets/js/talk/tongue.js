// Which language a sentence is in, as far as its letters and its smallest words show it.

/** Letters that one language, or mostly one, is written with. @type {[string, RegExp][]} */
const LETTERS = [
  ["ja", /[\p{Script=Hiragana}\p{Script=Katakana}]/gu],
  ["ko", /\p{Script=Hangul}/gu],
  ["zh", /\p{Script=Han}/gu],
  ["ar", /\p{Script=Arabic}/gu],
  ["he", /\p{Script=Hebrew}/gu],
  ["el", /\p{Script=Greek}/gu],
  ["th", /\p{Script=Thai}/gu],
  ["hi", /\p{Script=Devanagari}/gu],
  ["bn", /\p{Script=Bengali}/gu],
  ["ta", /\p{Script=Tamil}/gu],
  ["ru", /\p{Script=Cyrillic}/gu],
];
/** Languages that share the letters of the one above. @type {Record<string, string[]>} */
const SHARE = { ar: ["fa", "ur"], ru: ["uk", "bg", "sr"], hi: ["mr", "ne"] };

/** The commonest words of languages in Latin letters, those that only one of them has first. @type {Record<string, string>} */
const WORDS = {
  en: "the and is are was were you your of to it that this with for not have has be there which what would can from they we i my do does will about than",
  de: "der die das und ist nicht ein eine einen ich du wir sie es mit auf für von zu dem den auch sich wie aber dort hier kann sind wird oder wenn keine gibt im",
  fr: "le la les des une et est pas je vous nous il elle ce que qui dans pour sur avec au aux du sont être mais plus c'est vers très ou",
  es: "el la los las una y es no que en por con para del se lo como más pero está son muy hay al fue yo usted",
  it: "il lo gli una e è non che di per con del della sono come più ma anche questo nel alla si ho molto",
  pt: "o os uma e é não que em por com para do da dos das se mais mas como está são muito você eu foi ao na",
  nl: "de het een en is niet van ik je dat die op te met voor zijn maar ook er aan wordt hebben naar geen deze wel",
  sv: "och är inte det en ett jag du som på av för med att den till har om men kan från vi ska mycket",
  da: "og er ikke det en et jeg du som på af for med at den til har om men kan fra vi skal der meget hvad",
  no: "og er ikke det en et jeg du som på av for med å den til har om men kan fra vi skal hva veldig noe",
  pl: "i jest nie to w na się że z do jak o ale co po tym są czy tak dla przez może być od",
  tr: "ve bir bu için ile de da çok ne gibi daha var olarak değil ama o en ben sen mi kadar sonra",
  fi: "ja on ei se että en hän mutta kuin myös ole tämä olen oli joka voi niin mitä",
  cs: "a je se na to že v s z do jako ale jsem by co pro tak jsou není která který",
  id: "dan yang di ini itu tidak dengan untuk dari ke ada adalah saya akan pada juga bisa atau",
};
const KNOWN = Object.entries(WORDS).map(([language, words]) => /** @type {const} */ ([language, new Set(words.split(" "))]));
/** Less of a sentence's words shows nothing. */
const LEAST_SHARE = 0.15;
/** Norwegian is one language with two ways to write it. */
const NORWEGIAN = ["no", "nb", "nn"];

/**
 * @param {string} sentence
 * @param {string} usual what it is where nothing shows another
 * @returns {string} ISO 639-1
 */
export function languageOf(sentence, usual) {
  const all = sentence.match(/\p{L}/gu)?.length ?? 0;
  for (const [language, letters] of LETTERS) {
    const found = sentence.match(letters)?.length ?? 0;
    if (all && found > all / (language === "ja" ? 8 : 2)) return SHARE[language]?.includes(usual) ? usual : language;
  }
  const words = sentence.toLowerCase().match(/[\p{L}']+/gu) ?? [];
  if (words.length < 2) return usual;
  const scores = KNOWN.map(([language, known]) => /** @type {const} */ ([words.filter((word) => known.has(word)).length, language])).toSorted(([one], [other]) => other - one);
  const [[best, language], [second]] = scores;
  const own = scores.find(([, name]) => sameLanguage(name, usual))?.[0] ?? 0;
  // What the conversation is in is doubted only where another language fits clearly better.
  return best >= Math.max(2, LEAST_SHARE * words.length) && best > second && best > own + 1 ? language : usual;
}

/**
 * Whether a voice of one language can read the other.
 *
 * @param {string} one ISO 639-1
 * @param {string} other
 */
export const sameLanguage = (one, other) => one === other || (NORWEGIAN.includes(one) && NORWEGIAN.includes(other));

const names = new Intl.DisplayNames(["en"], { type: "language" });
const CODES = "af ar bg bn ca cs cy da de el en es et fa fi fr gl he hi hr hu id is it ja ka kk ko lt lv mk mr ms nb ne nl nn no pl pt ro ru sk sl sq sr sv sw ta te th tl tr uk ur vi zh".split(" ");
const BY_NAME = new Map(CODES.map((code) => [names.of(code)?.toLowerCase(), code]));

/**
 * The code of a language by its English name, as the speech models tell it ("German", "german") or already as a code.
 *
 * @param {string | null | undefined} name English where nobody says
 */
export function codeOf(name) {
  const plain = (name || "English").toLowerCase();
  return BY_NAME.get(plain) ?? (CODES.includes(plain) ? plain : "en");
}

/** A language in the page's own words. @param {string} code */
export const nameOf = (code) => new Intl.DisplayNames([globalThis.document?.documentElement?.lang || "en"], { type: "language" }).of(code) ?? code;
