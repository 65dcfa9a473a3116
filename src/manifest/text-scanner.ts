import { isUtf8 } from 'node:buffer';
import { MAX_LINE_BYTES } from './limits.ts';
import { sourceError } from './source-error.ts';
import type { Place } from './source-error.ts';

const TAB = 0x09;
const LF = 0x0a;
const CR = 0x0d;

/** How far back places and bytes can be asked for: a JSON text of 4 KiB written as `\uXXXX`, and some room. */
export const LOOK_BACK_BYTES: number = 32 * 1024;

/**
 * Checks that a stream of bytes is text of ours (UTF-8, no control characters, line ends LF or CRLF, lines of bounded
 * length) and remembers where its latest lines start. Offsets count bytes after the byte order mark and must be asked
 * for in ascending order. Memory is bounded by the chunks given and by `LOOK_BACK_BYTES`.
 */
export class TextScanner {
  readonly #path: string;
  readonly #maxLineBytes: number;
  /** Bytes scanned so far. */
  #offset = 0;
  #afterCr = false;
  /** The line that is still open. */
  #openLine = 1;
  #openStart = 0;
  /** Start and number of every line that is complete, not empty and not behind what was asked for. */
  #starts: number[] = [];
  #lines: number[] = [];
  #next = 0;
  /** Offsets of UTF-8 continuation bytes: they are no characters of their own. */
  #continuations: number[] = [];
  #nextContinuation = 0;
  #window: Buffer = Buffer.alloc(0);
  #seekLine = 1;
  #seekStart = 0;
  #seekOffset = 0;
  #seekContinuations = 0;

  /** `maxLineBytes` may be `Infinity`: JSON has no lines. */
  constructor(path: string, maxLineBytes: number) {
    this.#path = path;
    this.#maxLineBytes = maxLineBytes;
  }

  /** Bytes scanned so far. */
  get offset(): number {
    return this.#offset;
  }

  /** Checks the next chunk, which must not split a character. Throws `usage` with the exact place. */
  scan(chunk: Buffer): void {
    this.#compact();
    this.#window = Buffer.concat([this.#window.subarray(-LOOK_BACK_BYTES), chunk]);
    const valid = isUtf8(chunk) ? chunk.length : validPrefixLength(chunk);
    if (this.#afterCr && chunk[0] !== LF) this.#refuseLoneCr(this.#offset - 1);
    this.#afterCr = false;
    for (let i = 0; i < valid; i++) {
      const byte = chunk[i] ?? 0;
      if (byte >= 0x20 && byte < 0x7f) continue;
      if (byte === LF) this.#endLine(this.#offset + i, i > 0 ? chunk[i - 1] === CR : this.#endsWithCr(chunk));
      else if (byte >= 0x80) this.#checkCharacter(chunk, i, byte);
      else if (byte === CR) {
        if (i + 1 === chunk.length) this.#afterCr = true;
        else if (chunk[i + 1] !== LF) this.#refuseLoneCr(this.#offset + i);
      } else if (byte !== TAB) this.#refuseControl(this.#offset + i, byte);
    }
    if (valid < chunk.length) {
      throw sourceError(this.#path, this.#placeOf(this.#offset + valid), 'is not UTF-8 from here on', {
        next: 'Save the file as UTF-8.',
      });
    }
    this.#offset += chunk.length;
    this.#checkLineLength(this.#offset - (this.#afterCr ? 1 : 0));
  }

  /** The stream is over. */
  end(): void {
    if (this.#afterCr) this.#refuseLoneCr(this.#offset - 1);
  }

  /** Goes to the byte at `offset`; `line`, `column` and `here` then tell where that is. */
  seek(offset: number): void {
    let start = this.#starts[this.#next];
    while (start !== undefined && start <= offset) {
      this.#goToLine(start, this.#lines[this.#next] ?? this.#openLine);
      start = this.#starts[++this.#next];
    }
    if (start === undefined && this.#openStart <= offset) this.#goToLine(this.#openStart, this.#openLine);
    this.#goToOffset(offset);
  }

  /** Goes to the first line that is not empty and starts at or after `offset`; answers with where it starts. */
  seekLineFrom(offset: number): number {
    let complete = this.#starts[this.#next];
    while (complete !== undefined && complete < offset) complete = this.#starts[++this.#next];
    const start = complete ?? this.#openStart;
    // The line stays in the list: asked again, the answer is the same.
    this.#goToLine(start, this.#lines[this.#next] ?? this.#openLine);
    this.#goToOffset(start);
    return start;
  }

  get line(): number {
    return this.#seekLine;
  }

  get column(): number {
    return this.#seekOffset - this.#seekStart - this.#seekContinuations + 1;
  }

  get here(): Place {
    return { line: this.line, column: this.column };
  }

  /** The bytes from `start` to `end`; fewer when `start` is longer ago than `LOOK_BACK_BYTES`. */
  bytes(start: number, end: number): Buffer {
    const windowStart = this.#offset - this.#window.length;
    return this.#window.subarray(Math.max(0, start - windowStart), Math.max(0, end - windowStart));
  }

  #goToLine(start: number, line: number): void {
    if (start === this.#seekStart) return;
    this.#seekStart = start;
    this.#seekLine = line;
    this.#seekContinuations = 0;
  }

  #goToOffset(offset: number): void {
    this.#seekOffset = offset;
    for (;;) {
      const at = this.#continuations[this.#nextContinuation];
      if (at === undefined || at >= offset) return;
      if (at >= this.#seekStart) this.#seekContinuations++;
      this.#nextContinuation++;
    }
  }

  #endLine(end: number, afterCr: boolean): void {
    const contentEnd = afterCr ? end - 1 : end;
    this.#checkLineLength(contentEnd);
    if (contentEnd > this.#openStart) {
      this.#starts.push(this.#openStart);
      this.#lines.push(this.#openLine);
    }
    this.#openLine++;
    this.#openStart = end + 1;
  }

  /** Whether the byte before this chunk is a CR. */
  #endsWithCr(chunk: Buffer): boolean {
    return this.#window[this.#window.length - chunk.length - 1] === CR;
  }

  #checkCharacter(chunk: Buffer, i: number, byte: number): void {
    const second = chunk[i + 1];
    if (byte < 0xc0) this.#continuations.push(this.#offset + i);
    // U+0080 to U+009F are C2 80 to C2 9F.
    else if (byte === 0xc2 && second !== undefined && second < 0xa0)
      this.#refuseControl(this.#offset + i, second);
    else if (byte === 0xef && second === 0xbb && chunk[i + 2] === 0xbf) {
      throw sourceError(
        this.#path,
        this.#placeOf(this.#offset + i),
        'has a byte order mark (U+FEFF) that is not the first character of the file',
        { next: 'Remove it; it often comes from files glued together or saved twice.' },
      );
    }
  }

  #checkLineLength(end: number): void {
    if (end - this.#openStart <= this.#maxLineBytes) return;
    throw sourceError(
      this.#path,
      { line: this.#openLine, column: 1 },
      `the line is over ${MAX_LINE_BYTES} bytes`,
    );
  }

  #refuseLoneCr(offset: number): never {
    throw sourceError(
      this.#path,
      this.#placeOf(offset),
      'has a carriage return without a line feed; expected lines that end with LF or CRLF',
      { next: 'Save the file with Unix or Windows line ends.' },
    );
  }

  #refuseControl(offset: number, code: number): never {
    const name = code === 0 ? 'a NUL' : 'a control';
    const shown = code.toString(16).toUpperCase().padStart(4, '0');
    throw sourceError(
      this.#path,
      this.#placeOf(offset),
      `has ${name} character (U+${shown}); expected plain text`,
      {
        next:
          code === 0
            ? 'Save the file as UTF-8; UTF-16 looks like this.'
            : 'Remove the character from the file.',
      },
    );
  }

  #placeOf(offset: number): Place {
    this.seek(offset);
    return this.here;
  }

  #compact(): void {
    this.#starts = this.#starts.slice(this.#next);
    this.#lines = this.#lines.slice(this.#next);
    this.#next = 0;
    this.#continuations = this.#continuations.slice(this.#nextContinuation);
    this.#nextContinuation = 0;
  }
}

/** Length of the longest part from the start that is UTF-8. */
function validPrefixLength(bytes: Buffer): number {
  let low = 0;
  let high = bytes.length;
  while (low < high) {
    const middle = Math.ceil((low + high) / 2);
    if (beginsUtf8(bytes.subarray(0, middle))) low = middle;
    else high = middle - 1;
  }
  // Bytes that only begin a character are not valid yet.
  while (low > 0 && !isUtf8(bytes.subarray(0, low))) low--;
  return low;
}

function beginsUtf8(bytes: Buffer): boolean {
  try {
    new TextDecoder('utf-8', { fatal: true }).decode(bytes, { stream: true });
    return true;
  } catch {
    return false;
  }
}
