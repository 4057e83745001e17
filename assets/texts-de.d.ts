declare const GERMAN: Record<string, string>;
export default GERMAN;
/** Languages that a recording may be in: English name to code. */
export const SPOKEN: Record<string, string>;
