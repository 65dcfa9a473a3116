import { Tokenizer, TokenType } from '@streamparser/json';
import { PurgeError } from '../errors.ts';
import { MAX_JSON_DEPTH, MAX_LINE_BYTES } from './limits.ts';
import { sourceError } from './source-error.ts';
import { LOOK_BACK_BYTES } from './text-scanner.ts';
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

type Expected = 'value' | 'first value' | 'key' | 'first key' | 'colon' | 'comma' | 'nothing';

const EXPECTED: Readonly<Record<Expected, string>> = {
  value: 'a value',
  'first value': 'a value or ]',
  key: 'a key in quotes',
  'first key': 'a key in quotes or }',
  colon: 'a colon',
  comma: 'a comma or the end of the list or object',
  nothing: 'the end of the file',
};

/**
 * Checks JSON (RFC 8259) token by token in bounded memory and tells what it consists of. Throws `usage` with the exact
 * place for bad syntax, nesting over 3 and single texts over 4 KiB. With `lines` it takes any number of values,
 * each on a line of its own (NDJSON).
 */
export class JsonTokens {
  readonly #path: string;
  readonly #scanner: TextScanner;
  readonly #lines: boolean;
  readonly #events: JsonEvents;
  readonly #tokenizer: Tokenizer;
  readonly #open: ('array' | 'object')[] = [];
  #expected: Expected = 'value';
  #values = 0;
  #lastOffset = 0;
  /** The line on which the top-level value at hand began, or the last one ended. */
  #valueLine = 0;
  #lastBytes = '';
  /** The text or number that the chunk ended in; the length is known for texts. */
  #unfinished: { readonly offset: number; readonly length: number | undefined } | undefined;

  constructor(
    source: { readonly path: string; readonly scanner: TextScanner; readonly lines: boolean },
    events: JsonEvents,
  ) {
    this.#path = source.path;
    this.#scanner = source.scanner;
    this.#lines = source.lines;
    this.#events = events;
    // A buffer makes texts a quarter cheaper. Partial tokens show at the end of every chunk how long an unfinished text already is.
    this.#tokenizer = new Tokenizer({ emitPartialTokens: true, stringBufferSize: MAX_LINE_BYTES });
    this.#tokenizer.onToken = ({ token, value, offset, partial }) => {
      if (partial !== true) this.#take(token, value, offset);
      // Judged after the chunk: an error thrown here would be swallowed when the token is a number.
      else this.#unfinished = { offset, length: typeof value === 'string' ? value.length : undefined };
    };
  }

  write(chunk: Buffer): void {
    this.#refuseEscapedByteOrderMark(chunk);
    this.#unfinished = undefined;
    try {
      this.#tokenizer.write(chunk);
    } catch (error) {
      throw error instanceof PurgeError ? error : this.#syntaxError(error);
    }
    this.#checkUnfinished(this.#unfinished);
    // No token reaches back further, so the scanner may forget what lies before.
    const horizon = this.#scanner.offset - LOOK_BACK_BYTES;
    if (horizon > this.#lastOffset) this.#scanner.seek(horizon);
  }

  end(): void {
    if (!this.#tokenizer.isEnded) {
      try {
        this.#tokenizer.end();
      } catch (error) {
        if (error instanceof PurgeError) throw error;
        throw this.#endsEarly();
      }
    }
    const complete = this.#values === 0 || (this.#open.length === 0 && this.#expected !== 'colon');
    if (!complete) throw this.#endsEarly();
  }

  #take(token: TokenType, value: unknown, offset: number): void {
    this.#lastOffset = offset;
    this.#scanner.seek(offset);
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

  #begin(container: 'array' | 'object', text: string): void {
    this.#beginValue(text);
    if (this.#open.length === MAX_JSON_DEPTH) {
      throw sourceError(this.#path, this.#scanner.here, `is nested over ${MAX_JSON_DEPTH} levels deep`, {
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
    if (this.#expected !== 'value' && this.#expected !== 'first value') throw this.#unexpected(text);
    if (this.#open.length > 0) return;
    if (this.#lines && this.#values > 0 && this.#scanner.line === this.#valueLine) {
      throw sourceError(this.#path, this.#scanner.here, 'is a second value on its line', {
        value: text,
        next: 'NDJSON has one object a line.',
      });
    }
    this.#valueLine = this.#scanner.line;
    this.#values++;
  }

  #endValue(): void {
    if (this.#open.length > 0) {
      this.#expected = 'comma';
      return;
    }
    this.#expected = this.#lines ? 'value' : 'nothing';
    if (this.#lines && this.#scanner.line !== this.#valueLine) {
      throw sourceError(this.#path, { line: this.#valueLine, column: 1 }, 'the object spans several lines', {
        next: 'NDJSON has one object a line; a JSON list is a format of its own: --format json.',
      });
    }
  }

  /** A number as it was written, for messages: `8e4`, not 80000. */
  #numberAt(offset: number): string {
    const text = this.#scanner.bytes(offset, offset + MAX_LINE_BYTES).toString('latin1');
    return /^[-+.\deE]*/.exec(text)?.[0] ?? '';
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
    throw sourceError(this.#path, this.#scanner.here, `a value is over ${MAX_LINE_BYTES} characters long`);
  }

  /** The tokenizer decodes `\uFEFF` at the start of a text to nothing, and no ID may ever change. */
  #refuseEscapedByteOrderMark(chunk: Buffer): void {
    const text = this.#lastBytes + chunk.toString('latin1');
    this.#lastBytes = text.slice(-5);
    const found = /\\ufeff/i.exec(text);
    if (found === null) return;
    const offset = this.#scanner.offset - text.length + found.index;
    if (offset > this.#lastOffset) this.#scanner.seek(offset);
    throw sourceError(
      this.#path,
      this.#scanner.here,
      'is an escaped byte order mark; it has no place in a text',
      {
        value: found[0],
        next: 'Remove it.',
      },
    );
  }

  #unexpected(text: string): PurgeError {
    return sourceError(
      this.#path,
      this.#scanner.here,
      `is not expected here; expected ${EXPECTED[this.#expected]}`,
      { value: text },
    );
  }

  #endsEarly(): PurgeError {
    this.#scanner.seek(this.#scanner.offset);
    return sourceError(this.#path, this.#scanner.here, 'the file ends in the middle of a value', {
      next: 'Check that the file is complete.',
    });
  }

  /** Says exactly where the tokenizer gave up: a fresh one, fed byte by byte from the last token on, fails there too. */
  #syntaxError(cause: unknown): PurgeError {
    const bytes = this.#scanner.bytes(this.#lastOffset, this.#scanner.offset);
    const start = this.#scanner.offset - bytes.length;
    const again = new Tokenizer();
    again.onToken = () => undefined;
    let good = 0;
    try {
      for (; good < bytes.length; good++) again.write(bytes.subarray(good, good + 1));
    } catch {
      this.#scanner.seek(start + good);
    }
    const character = bytes.toString('utf8', good, good + 4).slice(0, 1);
    return sourceError(this.#path, this.#scanner.here, 'is not JSON here', {
      value: character === '' ? undefined : character,
      cause,
      next: 'Correct the syntax; texts need double quotes, and there are no comments or trailing commas.',
    });
  }
}
