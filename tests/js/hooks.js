// Resolves `texts.js` and `texts-de.js`, which the server writes from its own tables, to the same tables as a file.

import { readFileSync } from "node:fs";

const file = process.env.PAGE_TEXTS;
const { english = {}, german = {}, server = {} } = file ? JSON.parse(readFileSync(file, "utf8")) : {};
const SOURCE = `export default ${JSON.stringify(english)};
export const SIMULATED = true, LIMITED = false, SHARED = false, KEEPS = false, OWN_KEYS = true, OWN_KEYS_ARE_REAL = false;
export const ENDINGS = { recordings: [], pictures: [], documents: [] };
export const MODELS = [], LIMITS = { images: 5 }, TEMPLATES = [], FAULTS = [], SERVERS = [], TABS = [], OWN_SERVERS = false;`;

const IN_GERMAN = `export default ${JSON.stringify(german)};
export const SERVER = ${JSON.stringify(server)};`;

export async function resolve(specifier, context, next) {
  if (specifier.endsWith("/texts.js")) return { url: "page:texts", shortCircuit: true };
  if (specifier.endsWith("/texts-de.js")) return { url: "page:texts-de", shortCircuit: true };
  return next(specifier, context);
}

export async function load(url, context, next) {
  if (url === "page:texts") return { format: "module", source: SOURCE, shortCircuit: true };
  if (url === "page:texts-de") return { format: "module", source: IN_GERMAN, shortCircuit: true };
  return next(url, context);
}
