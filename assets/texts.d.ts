// What the server writes as `texts.js`: the page's words, and what is known when the page is loaded (ui/app.py).

import type { Choice } from "./js/chat/types.js";

declare const TEXTS: Record<string, string>;
export default TEXTS;

/** Names of the faults that the simulator can play. */
export const FAULTS: string[];
/** Names of the MCP servers that the operator set. */
export const SERVERS: string[];
/** Visitors may add MCP servers of their own. */
export const OWN_SERVERS: boolean;
/** There are limits for what one person may use. */
export const LIMITED: boolean;
/** Where people may sign in who need not, relative to the page; empty for nowhere. */
export const SIGN_IN: string;
export const LIMITS: { images: number };
/** How the names of the files end that are read here, each with its dot. */
export const ENDINGS: { recordings: string[]; pictures: string[]; documents: string[] };
export const MODELS: Choice[];
/** Others reach this simulator too. */
export const SHARED: boolean;
/** Conversations of whoever signed in are kept on the server. */
export const KEEPS: boolean;
/** Address of the Space this is; empty elsewhere. */
export const SPACE: string;
export const SIMULATED: boolean;
/** Visitors may use their own key. */
export const OWN_KEYS: boolean;
export const OWN_KEYS_ARE_REAL: boolean;
export const TEMPLATES: { name: string; pictures: number }[];
/** Names of the tabs, in their order. */
export const TABS: string[];
