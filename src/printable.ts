/**
 * Text from outside, made safe to show: control and bidi characters, line and paragraph separators, zero-width
 * characters and lone surrogates become visible escapes such as `U+202E` in angle brackets (CWE-150).
 */

/** Control, format, surrogate, separator and invisible characters (Unicode general categories and properties). */
const UNSAFE = /[\p{Cc}\p{Cf}\p{Cs}\p{Zl}\p{Zp}\p{Default_Ignorable_Code_Point}]/gu;

/** `text` with every character that could change a terminal, a log line or reading order replaced by a visible `<U+XXXX>`; cut to `limit` characters with `…`. */
export function printable(text: string, limit = 300): string {
  // Cut twice: before, so that a huge text costs nothing; after, since escapes are longer than what they replace.
  const shown = text.slice(0, limit + 1).replace(UNSAFE, (character) => `<U+${codePointHex(character)}>`);
  if (text.length <= limit && shown.length <= limit) return shown;
  return `${shown.slice(0, Math.max(0, limit - 1))}…`;
}

/**
 * A value as JSON whose text is safe to show: every character that `printable` shows as an escape is a `\uXXXX` escape
 * of JSON, so that the value comes back from it exactly.
 */
export function printableJson(value: unknown, indent = 0): string {
  const json = JSON.stringify(value, null, indent);
  // Line feeds between values are the layout's own; in texts they are escapes already.
  return isPlainJson(json)
    ? json
    : json.replace(UNSAFE, (text) => (text === '\n' ? text : jsonEscapes(text)));
}

/** Whether there is nothing to escape: of what one byte of UTF-8 can be, JSON leaves one control character as it is. */
function isPlainJson(json: string): boolean {
  return Buffer.byteLength(json) === json.length && !json.includes('\u007f');
}

/** A character as JSON escapes, one for each UTF-16 unit. */
function jsonEscapes(character: string): string {
  const units = Array.from({ length: character.length }, (_, index) => character.charCodeAt(index));
  return units.map((unit) => `\\u${unit.toString(16).padStart(4, '0')}`).join('');
}

function codePointHex(character: string): string {
  return (character.codePointAt(0) ?? 0).toString(16).toUpperCase().padStart(4, '0');
}
