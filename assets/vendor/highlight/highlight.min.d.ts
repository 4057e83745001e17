// The part of highlight.js that the page uses.
interface Highlighter {
  getLanguage(name: string): object | undefined;
  highlight(code: string, options: { language: string; ignoreIllegals?: boolean }): { value: string };
}
declare const hljs: Highlighter;
export default hljs;
