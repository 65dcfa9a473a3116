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
const HARMLESS = /^(?:[!#-*./0-:<>?A-~][ !#-+\--:<-~]*)?$/;

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

const COMMA = 0x2c;
const LINE_FEED = 0x0a;
/** Of each ASCII character, whether a cell that stands as it is may begin with it, and whether it may hold it. */
const BEGINS = asciiThat((character) => HARMLESS.test(character));
const FOLLOWS = asciiThat((character) => HARMLESS.test(`a${character}`));

/**
 * Whether texts joined by commas, with a line feed after each row, are the CSV of these texts: `textCell` would leave
 * each as it is, and there are as many as there should be.
 */
export function isPlainTable(
  table: string,
  { rows, columns }: { readonly rows: number; readonly columns: number },
): boolean {
  let allowed = BEGINS;
  let commas = 0;
  let lines = 0;
  for (let at = 0; at < table.length; at += 1) {
    const code = table.charCodeAt(at);
    if (code === COMMA || code === LINE_FEED) {
      if (code === COMMA) commas += 1;
      else lines += 1;
      allowed = BEGINS;
    } else {
      if (allowed[code] !== 1) return false;
      allowed = FOLLOWS;
    }
  }
  return lines === rows && commas === rows * (columns - 1) && table.endsWith('\n');
}

function asciiThat(is: (character: string) => boolean): Uint8Array {
  return Uint8Array.from({ length: 128 }, (_, code) => (is(String.fromCharCode(code)) ? 1 : 0));
}
