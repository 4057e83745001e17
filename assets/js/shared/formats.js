// Figures as people read them: pure functions from numbers to text.

/**
 * Seconds for reading: `0.18 s`, `2.4 s`, `35 s`, `2 min 5 s`, `3 h 4 min`.
 *
 * @param {number | null | undefined} value
 */
export function seconds(value) {
  if (value === null || value === undefined) return "";
  if (value < 0.9995) return `${Math.round(value * 1000)} ms`;
  if (value < 9.95) return `${value.toFixed(1)} s`;
  // Rounded first, taken apart then: 119.6 is two minutes, not "1 min 60 s".
  const whole = Math.round(value);
  if (whole < 90) return `${whole} s`;
  if (whole < 3600) return `${Math.floor(whole / 60)} min ${whole % 60} s`;
  const minutes = Math.round(whole / 60);
  return `${Math.floor(minutes / 60)} h ${minutes % 60} min`;
}

/**
 * Whole seconds for what runs: `3 s ago`, `rests 12 s`.
 *
 * @param {number} value
 */
export const wholeSeconds = (value) => seconds(Math.max(0, Math.round(value)) || 0).replace(".0 ", " ").replace("0 ms", "0 s");

/**
 * Dollars with the digits that matter: `$0.00004`, `$0.012`.
 *
 * @param {number | null | undefined} value
 */
export function dollars(value) {
  if (value === null || value === undefined) return "";
  if (value === 0) return "$0";
  return `$${value >= 0.01 ? value.toFixed(3) : value.toPrecision(2).replace(/e-(\d+)/, "×10⁻$1")}`;
}

/**
 * Whole numbers in groups of three that stay on one line: `12 400`.
 *
 * @param {number} value
 */
export const count = (value) => Math.round(value).toString().replace(/\B(?=(\d{3}){1,8}(?!\d))/g, "\u202f");
