// What the scripts find in a browser and not in Node: a document, and the modules that the server makes (`texts.js`).
// Loaded before each test by `node --import ./tests/js/page.js ./tests/js/all.js`.

import { register } from "node:module";
import { parseHTML } from "linkedom";

const { window, document, Element, Node, Text, HTMLElement } = parseHTML("<!doctype html><html><body></body></html>");
Object.assign(globalThis, { window, document, Element, Node, Text, HTMLElement });
globalThis.location ??= new URL("http://localhost/");
globalThis.navigator ??= { language: "en", onLine: true };
globalThis.requestAnimationFrame ??= (draw) => setTimeout(() => draw(performance.now()));
globalThis.cancelAnimationFrame ??= clearTimeout;
// One of Node's own would keep the tests from ending as long as somebody may write to it.
globalThis.MessageChannel = class {
  port1 = { onmessage: () => {} };
  port2 = { postMessage: (data) => setTimeout(() => this.port1.onmessage({ data })) };
};
globalThis.matchMedia = () => ({ matches: false, addEventListener() {} });
globalThis.fetch = () => Promise.resolve(Response.json({ pass: "a pass" }));

register("./hooks.js", import.meta.url);
