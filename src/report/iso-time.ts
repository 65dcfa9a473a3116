let lastSecond = Number.NaN;
let lastPrefix = '';

/** Milliseconds since 1970 as ISO 8601 in UTC with milliseconds; `null` stays `null`. Throws a RangeError beyond what a Date holds. */
export function isoTime(at: number): string;
export function isoTime(at: number | null): string | null;
export function isoTime(at: number | null): string | null {
  if (at === null) return null;
  const second = Math.floor(at / 1000);
  // Rows that follow each other mostly share their second, and a Date is half of the cost of a row.
  if (second !== lastSecond) {
    lastPrefix = new Date(second * 1000).toISOString().slice(0, -4);
    lastSecond = second;
  }
  return `${lastPrefix}${String(Math.floor(at - second * 1000)).padStart(3, '0')}Z`;
}
