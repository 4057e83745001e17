// Light, dark, or as the system is: what the person chose, kept up against Gradio, which decides for itself.

const NAME = "groq-core-theme";
const dark = matchMedia("(prefers-color-scheme: dark)");
const THEMES = ["system", "light", "dark"];

function readChoice() {
  try {
    return localStorage.getItem(NAME);
  } catch {
    return null;
  }
}

let chosen = new URL(location.href).searchParams.get("__theme") ?? readChoice() ?? "system";

/** The theme in force: `system`, `light` or `dark`. */
export const theme = () => (THEMES.includes(chosen) ? chosen : "system");

/**
 * Choose a theme, now and for later visits.
 *
 * @param {string} value
 */
export function setTheme(value) {
  chosen = value;
  try {
    localStorage.setItem(NAME, value);
  } catch {
    // for this page then
  }
  wear();
}

function wear() {
  const on = theme() === "dark" || (theme() === "system" && dark.matches);
  if (document.body.classList.contains("dark") !== on) document.body.classList.toggle("dark", on);
  document.documentElement.style.colorScheme = on ? "dark" : "light";
}

/** Wear the theme from the first moment on. */
export function wearTheme() {
  wear();
  dark.addEventListener("change", wear);
  new MutationObserver(wear).observe(document.body, { attributes: true, attributeFilter: ["class"] });
}
