// What the page's scripts tell each other through the document, and what others put into the window.

import type { Receipt } from "./types.js";

declare global {
  interface DocumentEventMap {
    /** An answer has ended. */
    "gc:receipt": CustomEvent<Receipt>;
    /** Another key is in use. */
    "gc:own-key": CustomEvent<null>;
    "gc:pick-model": CustomEvent<string>;
    "gc:find": CustomEvent<null>;
    "gc:open-settings": CustomEvent<null>;
    /** Somebody wants to hear a text; the button shows whether it is being read. */
    "gc:speak": CustomEvent<{ text: string; button: HTMLElement }>;
    /** The store has no room left. */
    "gc:full": CustomEvent<null>;
    /** Ask this in the chat. */
    "gc:ask": CustomEvent<{ text: string; extra: Record<string, unknown> }>;
    /** Show a conversation, whichever tab it belongs to. */
    "gc:open": CustomEvent<{ kind: string; id: string }>;
  }

  /** Moves a node without resetting it; not in every browser yet. */
  interface Element {
    moveBefore?(node: Node, before: Node | null): void;
  }

  /** Gradio calls it with all lines so far (ui/chat.py). */
  var groqCoreQueued: ((lines: string) => void) | undefined;

  /** Of the audio worklet's own scope. */
  class AudioWorkletProcessor {
    readonly port: MessagePort;
  }
  function registerProcessor(name: string, processor: typeof AudioWorkletProcessor): void;

  var mermaid: {
    initialize(options: object): void;
    render(id: string, source: string): Promise<{ svg: string }>;
  };
}
