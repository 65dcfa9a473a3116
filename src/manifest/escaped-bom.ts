import { sourceError } from './source-error.ts';
import type { TextScanner } from './text-scanner.ts';

/** Refuses `\uFEFF` in JSON: the tokenizer decodes it to nothing at the start of a text, and no ID may ever change. */
export class EscapedBomCheck {
  readonly #path: string;
  readonly #scanner: TextScanner;
  #lastBytes = '';

  constructor(path: string, scanner: TextScanner) {
    this.#path = path;
    this.#scanner = scanner;
  }

  /** Checks the latest chunk that was scanned; `lastOffset` is as far back as places are still known. Throws `usage`. */
  check(chunk: Buffer, lastOffset: number): void {
    const text = this.#lastBytes + chunk.toString('latin1');
    this.#lastBytes = text.slice(-5);
    const found = /\\ufeff/i.exec(text);
    if (found === null) return;
    const offset = this.#scanner.offset - text.length + found.index;
    if (offset > lastOffset) this.#scanner.seek(offset);
    throw sourceError(
      this.#path,
      this.#scanner.here,
      'is an escaped byte order mark; it has no place in a text',
      { value: found[0], next: 'Remove it.' },
    );
  }
}
