/**
 * Text from outside, made safe to show: control and bidi characters, line and paragraph separators, zero-width
 * characters and lone surrogates become visible escapes such as `U+202E` in angle brackets (CWE-150).
 */

// C0, DEL, C1, soft hyphen, Arabic letter mark, zero-width and bidi marks, separators, bidi embeddings and isolates,
// invisible operators, byte order mark, interlinear annotations, lone surrogates, tags.
const UNSAFE =
  // oxlint-disable-next-line no-control-regex -- naming the control characters is the purpose
  /[\u0000-\u001f\u007f-\u009f\u00ad\u061c\u115f\u1160\u17b4\u17b5\u180b-\u180f\u200b-\u200f\u2028-\u202e\u2060-\u206f\u3164\ufe00-\ufe0f\ufeff\uffa0\ufff9-\ufffb\ud800-\udfff\u{e0000}-\u{e0fff}]/gu;

/** `text` with every character that could change a terminal, a log line or reading order replaced by a visible `<U+XXXX>`; cut to `limit` characters with `…`. */
export function printable(text: string, limit = 300): string {
  // Cut twice: before, so that a huge text costs nothing; after, since escapes are longer than what they replace.
  const shown = text.slice(0, limit + 1).replace(UNSAFE, (character) => `<U+${codePointHex(character)}>`);
  if (text.length <= limit && shown.length <= limit) return shown;
  return `${shown.slice(0, Math.max(0, limit - 1))}…`;
}

function codePointHex(character: string): string {
  return (character.codePointAt(0) ?? 0).toString(16).toUpperCase().padStart(4, '0');
}
