import { Tokenizer, TokenType } from '@streamparser/json';
import { PurgeError } from '../errors.ts';
import { flatObjectAt, isSpace, skipSpace, type FlatObject } from './flat-object.ts';
import { MAX_JSON_DEPTH, MAX_LINE_BYTES } from './limits.ts';
import type { Place } from './source-error.ts';
import type { TextScanner } from './text-scanner.ts';

/** A JSON value that contains no other: a string's text, or a number and the like as it was written. */
export interface Scalar {
  readonly type: 'string' | 'number' | 'boolean' | 'null';
  readonly text: string;
}

/** What JSON consists of, in order; `depth` counts the containers around it. The scanner stands on its place. */
export interface JsonEvents {
  openContainer(container: 'array' | 'object', depth: number): void;
  closeContainer(depth: number): void;
  key(name: string, depth: number): void;
  scalar(scalar: Scalar, depth: number): void;
}

/** Why a text is no JSON of ours. Whoever reads the text says whether that refuses a file or a line of it. */
export class JsonError extends Error {
  override readonly name = 'JsonError';
  readonly place: Place;
  /** A phrase that fits after `value`, or stands alone when there is none. */
  readonly problem: string;
  readonly value: string | undefined;
  readonly next: string | undefined;

  constructor(place: Place, problem: string, options: JsonErrorOptions = {}) {
    super(problem, options.cause === undefined ? {} : { cause: options.cause });
    this.place = place;
    this.problem = problem;
    this.value = options.value;
    this.next = options.next;
  }
}

interface JsonErrorOptions {
  readonly value?: string | undefined;
  readonly next?: string | undefined;
  readonly cause?: unknown;
}

export interface JsonText {
  readonly scanner: TextScanner;
  /** Where the text begins in what the scanner scans. */
  readonly start: number;
  /** NDJSON: every text is a line of its own, and `endLine` ends it. */
  readonly lines: boolean;
}

type Expected = 'value' | 'first value' | 'key' | 'first key' | 'colon' | 'comma' | 'nothing';

const EXPECTED: Readonly<Record<Exclude<Expected, 'nothing'>, string>> = {
  value: 'a value',
  'first value': 'a value or ]',
  key: 'a key in quotes',
  'first key': 'a key in quotes or }',
  colon: 'a colon',
  comma: 'a comma or the end of the list or object',
};

const OPENING = 0x7b;
const COMMA = 0x2c;

const STRUCTURE: ReadonlySet<TokenType> = new Set([
  TokenType.LEFT_BRACE,
  TokenType.RIGHT_BRACE,
  TokenType.LEFT_BRACKET,
  TokenType.RIGHT_BRACKET,
  TokenType.COLON,
  TokenType.COMMA,
]);
const WORDS: ReadonlySet<TokenType> = new Set([TokenType.TRUE, TokenType.FALSE, TokenType.NULL]);

/**
 * Checks JSON (RFC 8259) token by token in bounded memory and tells what it consists of. Flat objects of plain texts, as
 * rows are, are read by ourselves, which costs a third; all the rest is left to the tokenizer. Throws a `JsonError` with the
 * exact place for bad syntax, nesting over 3 and single texts over 4 KiB, and what `events` throws; it is of no use after that.
 */
export class JsonTokens {
  readonly #scanner: TextScanner;
  /** Where the tokenizer's text would begin, had it read all that it was not given, too. */
  #start: number;
  /** Where the next byte stands in what the scanner scans. */
  #position: number;
  /** The tokenizer is not within a token, for sure. */
  #isBetweenTokens = true;
  /** Where the latest token ended, if that was a bracket, colon or comma. */
  #structureEnd = -1;
  readonly #lines: boolean;
  readonly #events: JsonEvents;
  readonly #tokenizer: Tokenizer;
  readonly #open: ('array' | 'object')[] = [];
  #expected: Expected = 'value';
  #lastOffset: number;
  /** The line on which the top-level value at hand began. */
  #valueLine = 0;
  /** The text or number that the chunk ended in; the length is known for texts. */
  #unfinished: { readonly offset: number; readonly length: number | undefined } | undefined;

  constructor(text: JsonText, events: JsonEvents) {
    this.#scanner = text.scanner;
    this.#start = text.start;
    this.#position = text.start;
    this.#lastOffset = text.start;
    this.#lines = text.lines;
    this.#events = events;
    // A buffer makes texts a quarter cheaper. Partial tokens show at the end of every chunk how long an unfinished text already is.
    this.#tokenizer = new Tokenizer({ emitPartialTokens: true, stringBufferSize: MAX_LINE_BYTES });
    this.#tokenizer.onToken = ({ token, value, offset, partial }) => {
      const at = this.#start + offset;
      if (partial !== true) {
        this.#structureEnd = STRUCTURE.has(token) ? at + 1 : -1;
        this.#take(token, value, at);
      }
      // Judged after the chunk: an error thrown here would be swallowed when the token is a number.
      else this.#unfinished = { offset: at, length: typeof value === 'string' ? value.length : undefined };
    };
  }

  /** Where the latest token begins; a later one begins behind it. */
  get lastOffset(): number {
    return this.#lastOffset;
  }

  write(bytes: Buffer): void {
    let at = 0;
    while (at < bytes.length) {
      const next = this.#isBetweenTokens ? this.#takeSimple(bytes, at) : at;
      this.#start += next - at;
      this.#position += next - at;
      at = next;
      // What is not simple may be so again before the next object. Else a text goes on, and it is not looked for again.
      const isPlain = this.#isBetweenTokens || at === 0;
      const end = isPlain ? endOfPiece(bytes, at) : bytes.length;
      if (end > at) this.#tokenize(bytes.subarray(at, end));
      at = end;
    }
  }

  /** Takes white space, commas and flat objects from `at` on. Answers with where something else begins. */
  #takeSimple(bytes: Buffer, at: number): number {
    const offsetOf = (index: number): number => this.#position + index - at;
    for (let next = at; ;) {
      next = skipSpace(bytes, next);
      if (bytes[next] === COMMA) this.#take(TokenType.COMMA, ',', offsetOf(next));
      else {
        const isDue = this.#expected === 'value' || this.#expected === 'first value';
        const object = isDue && bytes[next] === OPENING ? flatObjectAt(bytes, next) : undefined;
        if (object === undefined) return next;
        this.#takeFlat(bytes, object, offsetOf);
        next = object.end;
      }
      next += 1;
    }
  }

  #tokenize(bytes: Buffer): void {
    this.#position += bytes.length;
    this.#unfinished = undefined;
    try {
      this.#tokenizer.write(bytes);
    } catch (error) {
      throw isOurs(error) ? error : this.#syntaxError(error);
    }
    this.#checkUnfinished(this.#unfinished);
    this.#isBetweenTokens = this.#structureEnd === this.#position;
  }

  /** A line has ended, its line feed included: the next one is a text of its own. */
  endLine(): void {
    if (this.#open.length > 0 || this.#expected === 'colon') {
      throw new JsonError({ line: this.#valueLine, column: 1 }, 'the object spans several lines');
    }
    this.#expected = 'value';
  }

  end(): void {
    try {
      this.#tokenizer.end();
    } catch (error) {
      throw isOurs(error) ? error : this.#endsEarly();
    }
    if (this.#open.length > 0 || this.#expected === 'colon') throw this.#endsEarly();
  }

  #take(token: TokenType, value: unknown, offset: number): void {
    this.#standOn(offset);
    const text = String(value);
    switch (token) {
      case TokenType.LEFT_BRACE:
        return this.#begin('object', text);
      case TokenType.LEFT_BRACKET:
        return this.#begin('array', text);
      case TokenType.RIGHT_BRACE:
        return this.#finish('object', text);
      case TokenType.RIGHT_BRACKET:
        return this.#finish('array', text);
      case TokenType.COLON:
        if (this.#expected !== 'colon') throw this.#unexpected(text);
        this.#expected = 'value';
        return;
      case TokenType.COMMA:
        if (this.#expected !== 'comma') throw this.#unexpected(text);
        this.#expected = this.#open.at(-1) === 'object' ? 'key' : 'value';
        return;
      case TokenType.STRING:
        this.#checkLength(text.length, offset);
        if (this.#expected === 'key' || this.#expected === 'first key') {
          this.#expected = 'colon';
          return this.#events.key(text, this.#open.length);
        }
        return this.#scalar('string', text);
      case TokenType.NUMBER:
        return this.#scalar('number', this.#numberAt(offset));
      case TokenType.NULL:
        return this.#scalar('null', text);
      case TokenType.TRUE:
      case TokenType.FALSE:
        return this.#scalar('boolean', text);
      default:
        throw this.#unexpected(text);
    }
  }

  #takeFlat(bytes: Buffer, object: FlatObject, offsetOf: (index: number) => number): void {
    const { start, end, marks } = object;
    const text = bytes.toString('latin1', start, end);
    this.#standOn(offsetOf(start));
    this.#begin('object', '{');
    const depth = this.#open.length;
    for (let mark = 0, isKey = true; mark + 1 < marks.length; mark += 2, isKey = !isKey) {
      const [opening = 0, closing = 0] = [marks[mark], marks[mark + 1]];
      this.#standOn(offsetOf(opening));
      const value = text.slice(opening + 1 - start, closing - start);
      this.#checkLength(value.length, this.#lastOffset);
      if (isKey) this.#events.key(value, depth);
      else this.#events.scalar({ type: 'string', text: value }, depth);
    }
    this.#standOn(offsetOf(end));
    this.#expected = 'comma';
    this.#finish('object', '}');
  }

  #standOn(offset: number): void {
    this.#lastOffset = offset;
    this.#scanner.seek(offset);
  }

  #begin(container: 'array' | 'object', text: string): void {
    this.#beginValue(text);
    if (this.#open.length === MAX_JSON_DEPTH) {
      throw new JsonError(this.#scanner.here, `is nested over ${MAX_JSON_DEPTH} levels deep`, {
        value: text,
        next: 'Expected a list of flat objects.',
      });
    }
    this.#events.openContainer(container, this.#open.length);
    this.#open.push(container);
    this.#expected = container === 'object' ? 'first key' : 'first value';
  }

  #finish(container: 'array' | 'object', text: string): void {
    const first = container === 'object' ? 'first key' : 'first value';
    const mayEnd = this.#expected === 'comma' || this.#expected === first;
    if (!mayEnd || this.#open.at(-1) !== container) throw this.#unexpected(text);
    this.#open.pop();
    this.#endValue();
    this.#events.closeContainer(this.#open.length);
  }

  #scalar(type: Scalar['type'], text: string): void {
    this.#beginValue(text);
    this.#endValue();
    this.#events.scalar({ type, text }, this.#open.length);
  }

  #beginValue(text: string): void {
    if (this.#lines && this.#expected === 'nothing') {
      throw new JsonError(this.#scanner.here, 'is a second value on its line', { value: text });
    }
    if (this.#expected !== 'value' && this.#expected !== 'first value') throw this.#unexpected(text);
    if (this.#open.length === 0) this.#valueLine = this.#scanner.line;
  }

  #endValue(): void {
    this.#expected = this.#open.length > 0 ? 'comma' : 'nothing';
  }

  /** A number as it was written, for messages: `8e4`, not 80000. */
  #numberAt(offset: number): string {
    const text = this.#scanner.bytes(offset, offset + MAX_LINE_BYTES).toString('latin1');
    return text.replace(/[^-+.\deE].*$/s, '');
  }

  #checkUnfinished(
    token: { readonly offset: number; readonly length: number | undefined } | undefined,
  ): void {
    if (token !== undefined)
      this.#checkLength(token.length ?? this.#scanner.offset - token.offset, token.offset);
  }

  #checkLength(length: number, offset: number): void {
    if (length <= MAX_LINE_BYTES) return;
    this.#scanner.seek(offset);
    throw new JsonError(this.#scanner.here, `a value is over ${MAX_LINE_BYTES} characters long`);
  }

  #unexpected(text: string): JsonError {
    const end = this.#lines ? 'the end of the line' : 'the end of the file';
    const expected = this.#expected === 'nothing' ? end : EXPECTED[this.#expected];
    return new JsonError(this.#scanner.here, `is not expected here; expected ${expected}`, { value: text });
  }

  #endsEarly(): JsonError {
    this.#scanner.seek(this.#scanner.offset);
    return new JsonError(this.#scanner.here, 'the file ends in the middle of a value', {
      next: 'Check that the file is complete.',
    });
  }

  /** Says exactly where the tokenizer gave up: a fresh one, fed byte by byte from the last token on, fails there too. */
  #syntaxError(cause: unknown): JsonError {
    const bytes = this.#scanner.bytes(this.#lastOffset, this.#scanner.offset);
    const start = this.#scanner.offset - bytes.length;
    const again = new Tokenizer({ emitPartialTokens: true });
    let word: number | undefined;
    again.onToken = ({ token, offset, partial }) => {
      word = partial === true && WORDS.has(token) ? offset : undefined;
    };
    let wrong = 0;
    try {
      for (; wrong < bytes.length; wrong++) again.write(bytes.subarray(wrong, wrong + 1));
    } catch {
      // What begins as null does and goes on as nope is wrong as a whole.
      wrong = word ?? wrong;
    }
    this.#scanner.seek(start + wrong);
    const text = bytes.toString('utf8', wrong, wrong + MAX_LINE_BYTES);
    const value = word === undefined ? Array.from(text.slice(0, 2))[0] : /^\w+/.exec(text)?.[0];
    return new JsonError(this.#scanner.here, 'is not JSON here', {
      value,
      cause,
      next: 'Correct the syntax; texts need double quotes, and there are no comments or trailing commas.',
    });
  }
}

/** A piece ends before the next `{` or at the end, less white space there. */
function endOfPiece(bytes: Buffer, at: number): number {
  const opening = bytes.indexOf(OPENING, at + 1);
  let end = opening === -1 ? bytes.length : opening;
  while (end > at + 1 && isSpace(bytes[end - 1])) end -= 1;
  return end;
}

/** What a tokenizer must not take for an error of its own. */
function isOurs(error: unknown): boolean {
  return error instanceof JsonError || error instanceof PurgeError;
}
