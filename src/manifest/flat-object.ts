const QUOTE = 0x22;
const BACKSLASH = 0x5c;
const COLON = 0x3a;
const COMMA = 0x2c;
const CLOSING = 0x7d;
const FIRST_PLAIN = 0x20;
const LAST_PLAIN = 0x7e;

/** Where the byte after `at` and all white space of JSON from there on is. */
export function skipSpace(bytes: Uint8Array, at: number): number {
  let next = at;
  while (isSpace(bytes[next])) next += 1;
  return next;
}

/** Whether a byte is white space of JSON. */
export function isSpace(byte: number | undefined): boolean {
  return byte === 0x20 || byte === 0x0a || byte === 0x0d || byte === 0x09;
}

/** Where an object and its texts stand. */
export interface FlatObject {
  /** Its `{` and its `}`. */
  readonly start: number;
  readonly end: number;
  /** Each text from its quote to its closing one: key, value, key, value. */
  readonly marks: readonly number[];
}

/**
 * The object that begins with the `{` at `at`. `undefined` unless it is as simple as almost all are: at least one key, only texts
 * as values, ASCII without escapes, and all of it in `bytes`.
 */
export function flatObjectAt(bytes: Uint8Array, at: number): FlatObject | undefined {
  const marks: number[] = [];
  for (let next = at, isKey = true; ; isKey = !isKey) {
    const start = skipSpace(bytes, next + 1);
    if (bytes[start] !== QUOTE) return undefined;
    const end = endOfText(bytes, start + 1);
    if (bytes[end] !== QUOTE) return undefined;
    marks.push(start, end);
    next = skipSpace(bytes, end + 1);
    const byte = bytes[next];
    if (!isKey && byte === CLOSING) return { start: at, end: next, marks };
    if (byte !== (isKey ? COLON : COMMA)) return undefined;
  }
}

/** Where the first byte is that is not simply one of a text. */
function endOfText(bytes: Uint8Array, start: number): number {
  let at = start;
  for (; at < bytes.length; at += 1) {
    const byte = bytes[at] ?? 0;
    if (byte === QUOTE || byte === BACKSLASH || byte < FIRST_PLAIN || byte > LAST_PLAIN) break;
  }
  return at;
}
