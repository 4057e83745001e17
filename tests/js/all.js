// Every test of the scripts, in one process: most of what a process of its own takes is loading the page's modules.

import { readdir } from "node:fs/promises";

for (const name of (await readdir(new URL(".", import.meta.url))).sort()) {
  if (name.endsWith(".test.js")) await import(`./${name}`);
}
