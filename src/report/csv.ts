import { printable } from '../printable.ts';

/** How many rows are turned into one piece of text: large enough to cost little, small enough for flat memory. */
export const ROWS_A_PAGE = 1000;

/** What a spreadsheet runs: an operator first, also after spaces and full-width, or a control character that it skips. */
const FORMULA = /^(?:\s*[=+\-@＝＋－＠]|[\t\r\n\0])/;
/** The same behind a semicolon, where programs of many countries split a line whatever the quotes around the text. */
const FORMULA_BEHIND_SEMICOLON = /;(?=[\s"]*[=+\-@＝＋－＠])/g;
const NOT_PLAIN = /[^ -~]/;
const NEEDS_QUOTES = /[",]/;
/** What is a cell as it stands; almost every text is. */
const HARMLESS = /^(?:[A-Za-z0-9][ !#-+\--:<-~]*)?$/;

/**
 * A text as a CSV cell (RFC 4180): control and invisible characters made visible, a `'` before what a spreadsheet would
 * run as a formula, whether it splits lines at commas or at semicolons (OWASP CSV injection, CWE-1236), quoted when it
 * has to be. The text is never cut.
 */
export function textCell(text: string): string {
  if (HARMLESS.test(text)) return text;
  const shown = NOT_PLAIN.test(text) ? printable(text, Number.POSITIVE_INFINITY) : text;
  const inert = shown.includes(';') ? shown.replaceAll(FORMULA_BEHIND_SEMICOLON, ";'") : shown;
  const safe = FORMULA.test(text) ? `'${inert}` : inert;
  return NEEDS_QUOTES.test(safe) ? `"${safe.replaceAll('"', '""')}"` : safe;
}
