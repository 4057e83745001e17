declare const GERMAN: Record<string, string>;
export default GERMAN;
/** What the server says elsewhere than on the page: English sentence to German. */
export const SERVER: Record<string, string>;
