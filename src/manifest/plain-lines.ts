const LF = 0x0a;
const QUOTE = 0x22;

/** Takes the cells of one line, and the byte offset at which the line ends, its line end included. */
export type LineSink = (cells: string[], end: number) => void;

/**
 * Splits CSV up to its first quote: until then a row is a line, its cells are what stands between the delimiters, and
 * a parser costs five times as much. The chunks must have been scanned: UTF-8, no lone CR, lines of bounded length.
 */
export class PlainLines {
  readonly #delimiter: string;
  readonly #sink: LineSink;
  /** The line that has not ended. */
  #rest: Buffer = Buffer.alloc(0);
  #offset = 0;

  constructor(delimiter: string, sink: LineSink) {
    this.#delimiter = delimiter;
    this.#sink = sink;
  }

  /** Where the first line starts that was not handed over. */
  get offset(): number {
    return this.#offset;
  }

  /** Hands over all lines that have ended. Answers with what follows, from the start of a line, once there is a quote. */
  write(chunk: Buffer): Buffer | undefined {
    const bytes = this.#rest.length === 0 ? chunk : Buffer.concat([this.#rest, chunk]);
    const quote = bytes.indexOf(QUOTE);
    const last = quote === -1 ? bytes.lastIndexOf(LF) : bytes.subarray(0, quote).lastIndexOf(LF);
    this.#split(bytes.toString('utf8', 0, last + 1), last + 1);
    this.#rest = bytes.subarray(last + 1);
    return quote === -1 ? undefined : this.#rest;
  }

  /** The last line may lack its line end. */
  end(): void {
    if (this.#rest.length > 0) this.#take(this.#rest.toString(), this.#rest.length);
  }

  #split(text: string, bytes: number): void {
    const isAscii = text.length === bytes;
    for (let start = 0; start < text.length;) {
      const end = text.indexOf('\n', start) + 1;
      const line = text.slice(start, text[end - 2] === '\r' ? end - 2 : end - 1);
      this.#take(line, isAscii ? end - start : Buffer.byteLength(text.slice(start, end)));
      start = end;
    }
  }

  #take(line: string, bytes: number): void {
    this.#offset += bytes;
    if (line !== '') this.#sink(line.split(this.#delimiter), this.#offset);
  }
}
