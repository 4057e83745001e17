// The part of KaTeX that the page uses; it sets itself up as a global.
export {};

interface KatexOptions {
  displayMode?: boolean;
  throwOnError?: boolean;
  trust?: boolean;
  strict?: boolean;
  maxSize?: number;
  maxExpand?: number;
}

declare global {
  var katex: { render(source: string, into: HTMLElement, options?: KatexOptions): void };
}
