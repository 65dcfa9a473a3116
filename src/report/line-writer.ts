import type { Append } from '../new-file.ts';

/** A write of this size costs next to nothing for each of its lines. */
const ENOUGH_BYTES = 256 * 1024;
/** Room for the text that makes it enough; a longer one makes more room. */
const ROOM_BYTES = 64 * 1024;
/** Lines are turned into bytes together, when they are so many characters. */
const ENOUGH_TEXT = 8 * 1024;

/**
 * Gathers lines as UTF-8 in one piece of memory that is used again and again: texts of that size, made anew each time, would
 * be most of the work of the garbage collection.
 */
export class LineWriter {
  readonly #append: Append;
  #bytes = Buffer.allocUnsafe(ENOUGH_BYTES + ROOM_BYTES);
  #used = 0;
  #text = '';

  constructor(append: Append) {
    this.#append = append;
  }

  /** Whether it is time to `flush`. */
  get isFull(): boolean {
    return this.#used >= ENOUGH_BYTES;
  }

  add(line: string): void {
    this.#text += line;
    if (this.#text.length >= ENOUGH_TEXT) this.#encode();
  }

  /** Hands on what was gathered; nothing may be added until it is resolved. */
  async flush(): Promise<void> {
    this.#encode();
    await this.#append(this.#bytes.subarray(0, this.#used));
    this.#used = 0;
  }

  #encode(): void {
    // No UTF-16 unit takes more than three bytes.
    const most = this.#used + this.#text.length * 3;
    if (most > this.#bytes.length) this.#bytes = Buffer.concat([this.#bytes], most);
    this.#used += this.#bytes.write(this.#text, this.#used);
    this.#text = '';
  }
}
