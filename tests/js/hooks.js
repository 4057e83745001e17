// Resolves `texts.js`, which the server writes from its own table, to the same table as a file.

import { readFileSync } from "node:fs";

const file = process.env.PAGE_TEXTS;
const texts = file ? JSON.parse(readFileSync(file, "utf8")) : {};
const SOURCE = `export default ${JSON.stringify(texts)};
export const SIMULATED = true, LIMITED = false, SHARED = false, KEEPS = false, OWN_KEYS = true, OWN_KEYS_ARE_REAL = false;
export const ENDINGS = { recordings: [], pictures: [], documents: [] };
export const MODELS = [], LIMITS = { images: 5 }, TEMPLATES = [], FAULTS = [], SERVERS = [], TABS = [], OWN_SERVERS = false;`;

export async function resolve(specifier, context, next) {
  if (specifier.endsWith("/texts.js")) return { url: "page:texts", shortCircuit: true };
  return next(specifier, context);
}

export async function load(url, context, next) {
  if (url === "page:texts") return { format: "module", source: SOURCE, shortCircuit: true };
  return next(url, context);
}
