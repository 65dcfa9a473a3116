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
  return table.endsWith('\n') && plainRows(table, columns) === rows;
}

/**
 * How many lines there are in a text that ends with one, each of so many cells; -1 when a cell is not plain, or a row has
 * more or fewer of them.
 */
function plainRows(table: string, columns: number): number {
  let rows = 0;
  let cells = 1;
  for (let at = 0; at < table.length; at += 1) {
    let code = table.charCodeAt(at);
    if (BEGINS[code] === 1) {
      do {
        at += 1;
        code = table.charCodeAt(at);
      } while (FOLLOWS[code] === 1);
    }
    if (code === COMMA) {
      cells += 1;
    } else if (code === LINE_FEED && cells === columns) {
      rows += 1;
      cells = 1;
    } else {
      return -1;
    }
  }
  return rows;
}

function asciiThat(is: (character: string) => boolean): Uint8Array {
  return Uint8Array.from({ length: 128 }, (_, code) => (is(String.fromCharCode(code)) ? 1 : 0));
}
