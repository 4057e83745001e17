declare const GERMAN: Record<string, string>;
export default GERMAN;
