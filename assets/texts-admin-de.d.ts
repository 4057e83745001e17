/** The admin page's words: English to German (ui/texts_de_admin.py). */
declare const ADMIN: Record<string, string>;
export default ADMIN;
