/**
 * Dates as the API writes them. Only forms that name their zone are read: a date without one would be read as local
 * time and be wrong by hours (TAVUS-API.md 6). Every reader returns milliseconds since 1970 UTC, or `null`.
 */

const IMF_FIXDATE_LENGTH = 29;
const ISO_UTC = /^\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}(?:\.\d{1,9})?Z$/;

/** An HTTP date (RFC 9110 5.6.7, IMF-fixdate only), such as `Sun, 06 Nov 1994 08:49:37 GMT`. A day that does not exist is no date. */
export function readHttpDate(text: string): number | null {
  const at = Date.parse(text);
  // Written back it must be the same: this refuses other forms, a 31 February and a wrong day of the week.
  return text.length === IMF_FIXDATE_LENGTH && new Date(at).toUTCString() === text ? at : null;
}

/** An ISO 8601 instant in UTC, such as `2024-01-24T07:14:03.327Z`; digits below the millisecond are dropped. */
export function readIsoInstant(text: string): number | null {
  if (!ISO_UTC.test(text)) return null;
  const at = Date.parse(text);
  return Number.isFinite(at) && new Date(at).toISOString().startsWith(text.slice(0, 19)) ? at : null;
}
