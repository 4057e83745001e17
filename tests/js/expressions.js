// Every regular expression of the page's scripts, and what a text takes each.
//
// `node expressions.js list FOLDER` writes them as JSON; `node expressions.js time` reads pairs of expressions and texts
// from standard input and writes the milliseconds of processor time for each text.

import { readFileSync, readdirSync } from "node:fs";
import { join } from "node:path";

import { parse } from "espree";

const OPTIONS = { ecmaVersion: "latest", sourceType: "module", loc: true };

function* nodes(node) {
  if (!node || typeof node !== "object") return;
  if (typeof node.type === "string") yield node;
  for (const [key, value] of Object.entries(node)) {
    if (key === "loc") continue;
    for (const inner of Array.isArray(value) ? value : [value]) yield* nodes(inner);
  }
}

function* expressions(folder) {
  for (const name of readdirSync(folder, { recursive: true }).sort()) {
    if (!name.endsWith(".js")) continue;
    const source = readFileSync(join(folder, name), "utf8");
    for (const node of nodes(parse(source, OPTIONS))) {
      const place = `${name}:${node.loc.start.line}`;
      if (node.regex) yield { place, source: node.regex.pattern, flags: node.regex.flags };
      else if (/^(New|Call)Expression$/.test(node.type) && node.callee.name === "RegExp") {
        yield { place, made: source.slice(node.start, node.end) };
      }
    }
  }
}

function milliseconds(expression, text) {
  let least = Infinity;
  for (let run = 0; run < 3 && least > 5; run++) {
    const began = process.cpuUsage();
    expression.lastIndex = 0;
    text.replace(expression, "");
    const { user, system } = process.cpuUsage(began);
    least = Math.min(least, (user + system) / 1000);
  }
  return least;
}

const [, , what, folder] = process.argv;
if (what === "list") console.log(JSON.stringify([...expressions(folder)]));
else {
  const jobs = JSON.parse(readFileSync(0, "utf8"));
  const slow = [];
  for (const { place, source, flags, attacks } of jobs) {
    const expression = new RegExp(source, flags.includes("y") ? flags : [...new Set(`${flags}g`)].join(""));
    for (const [start, repeated, end] of attacks) {
      const text = (length) => start + repeated.repeat(Math.ceil(length / repeated.length)) + end;
      // What grows twice as fast as it should be is seen before it takes for ever.
      for (const length of [24, 1000, 4000, 16000]) {
        const took = milliseconds(expression, text(length));
        if (took > 50 && took > 8 * milliseconds(expression, text(length / 4))) {
          slow.push({ place, source, attack: [start, repeated, end], length, took });
          break;
        }
      }
      if (slow.at(-1)?.place === place) break;
    }
  }
  console.log(JSON.stringify(slow));
}
