import { CsvError, Parser } from 'csv-parse';
import { PurgeError } from '../errors.ts';
import { printable } from '../printable.ts';
import type { Kind } from '../types.ts';
import { trimSpaces } from './check-values.ts';
import type { ColumnLookup, Field } from './columns.ts';
import { MAX_LINE_BYTES } from './limits.ts';
import { PlainLines } from './plain-lines.ts';
import type { ColumnOf, RecordReader, RecordSink, RowProblem } from './raw-record.ts';
import { sourceError } from './source-error.ts';
import type { TextScanner } from './text-scanner.ts';

export interface CsvSource {
  readonly path: string;
  readonly scanner: TextScanner;
  readonly columns: ColumnLookup;
  /** One character; a comma by default. */
  readonly delimiter: string | undefined;
}

/** Reads CSV (RFC 4180, any order of columns), from the first quote on with csv-parse; header, places and limits are ours. */
export class CsvReader implements RecordReader {
  readonly #path: string;
  readonly #scanner: TextScanner;
  readonly #columns: ColumnLookup;
  readonly #delimiter: string;
  readonly #sink: RecordSink;
  readonly #lines: PlainLines;
  /** From the first quote on. */
  #parser: Parser | undefined;
  #header: Header | undefined;
  /** Where the row at hand starts and ends: byte offsets. */
  #start = 0;
  #end = 0;

  constructor(source: CsvSource, sink: RecordSink) {
    this.#path = source.path;
    this.#scanner = source.scanner;
    this.#columns = source.columns;
    this.#delimiter = delimiterOf(source.delimiter);
    this.#sink = sink;
    this.#lines = new PlainLines(this.#delimiter, (cells, end) => this.#take(cells, end));
  }

  async write(chunk: Buffer): Promise<void> {
    const quoted = this.#parser === undefined ? this.#lines.write(chunk) : chunk;
    if (quoted === undefined) return;
    const parser = (this.#parser ??= this.#parserFrom(this.#lines.offset));
    await this.#feed((done) => parser.write(quoted, done));
    // What is left is a row that has not ended: at most one line may be, and csv-parse looks a few bytes ahead.
    const start = this.#scanner.seekLineFrom(this.#end);
    if (this.#scanner.offset - start > MAX_LINE_BYTES + 16) throw this.#tooLong();
  }

  async end(): Promise<void> {
    const parser = this.#parser;
    if (parser === undefined) this.#lines.end();
    else await this.#feed((done) => parser.end(done));
  }

  close(): void {
    this.#parser?.destroy();
  }

  #parserFrom(start: number): Parser {
    return new RecordParser(this.#delimiter, (record, end) => this.#take(record, start + end));
  }

  async #feed(step: (done: (error?: Error | null) => void) => void): Promise<void> {
    try {
      await new Promise<void>((resolve, reject) => {
        step((error) => (error instanceof Error ? reject(error) : resolve()));
      });
    } catch (error) {
      throw error instanceof CsvError ? this.#syntaxError(error) : error;
    }
  }

  #take(record: readonly string[], end: number): void {
    this.#start = this.#scanner.seekLineFrom(this.#end);
    this.#end = end;
    // Two more bytes for the line end.
    if (this.#end - this.#start > MAX_LINE_BYTES + 2) throw this.#tooLong();
    // A line of spaces is a blank line, unless it may be a value.
    const blank = record.length === 1 && record.every(isBlank);
    if (this.#header === undefined) {
      if (!blank) this.#header = this.#readHeader(record);
      return;
    }
    const { indexes, width, impliedKind, columnOf } = this.#header;
    const uneven = record.length !== width;
    if (uneven && blank) return;
    this.#sink(
      {
        line: this.#scanner.line,
        id: cell(record, indexes.id),
        kind: cell(record, indexes.kind),
        mode: cell(record, indexes.mode),
        until: cell(record, indexes.until),
        reason: cell(record, indexes.reason),
        ticket: cell(record, indexes.ticket),
        impliedKind,
        problem: uneven ? this.#uneven(record.length, width) : undefined,
      },
      columnOf,
    );
  }

  #readHeader(record: readonly string[]): Header {
    const names = record.map(trimSpaces);
    const { line } = this.#scanner;
    const header = this.#scanner.bytes(this.#start, this.#end).toString();
    const advice = this.#delimiterAdvice(names);
    const indexes: Record<Field, number> = { ...NO_COLUMNS };
    let impliedKind: Kind | undefined;
    for (const [index, name] of names.entries()) {
      const where = (): { line: number; column: number } => ({
        line,
        column: columnOfCell(header, this.#delimiter, index),
      });
      const meaning = this.#columns.find(name);
      if (meaning === undefined) continue;
      if ('problem' in meaning) {
        throw sourceError(this.#path, where(), meaning.problem, {
          value: name,
          next: advice ?? meaning.next,
        });
      }
      if (indexes[meaning.field] !== -1) {
        throw sourceError(this.#path, where(), 'is in the header twice', { value: name });
      }
      indexes[meaning.field] = index;
      if (meaning.field === 'id') impliedKind = meaning.kind;
    }
    if (indexes.id === -1) this.#columns.refuseMissingId({ line, column: 1 }, advice);
    const columnOf: ColumnOf = (field) => this.#columnOf(indexes[field]);
    return { indexes, width: record.length, impliedKind, columnOf };
  }

  /** Where a cell of the row at hand starts. */
  #columnOf(index: number): number {
    if (index === -1) return 1;
    const row = this.#scanner.bytes(this.#start, this.#end).toString();
    return columnOfCell(row, this.#delimiter, index);
  }

  /** When the header makes sense with another delimiter: which one. */
  #delimiterAdvice(names: readonly string[]): string | undefined {
    const [only] = names;
    if (names.length !== 1 || only === undefined) return undefined;
    const better = [',', ';', '\t', '|', ':'].find(
      (delimiter) =>
        delimiter !== this.#delimiter &&
        only.includes(delimiter) &&
        only.split(delimiter).some((name) => this.#columns.knows(name.replaceAll(/^[ "]+|[ "]+$/g, ''))),
    );
    if (better === undefined) return undefined;
    return `Did you mean ${better === '\t' ? 'a tab' : better} between the columns? Pass --delimiter '${better === '\t' ? '\\t' : better}'.`;
  }

  #uneven(found: number, width: number): RowProblem {
    const row = this.#scanner.bytes(this.#start, this.#end).toString().trimEnd();
    const fields = found === 1 ? '1 field' : `${found} fields`;
    return { column: 1, value: row, problem: `has ${fields}; the header has ${width}` };
  }

  #tooLong(): PurgeError {
    const place = { line: this.#scanner.line, column: 1 };
    return sourceError(
      this.#path,
      place,
      `the row is over ${MAX_LINE_BYTES} bytes, or a quote in it is not closed`,
    );
  }

  #syntaxError(error: CsvError): PurgeError {
    const start = this.#scanner.seekLineFrom(this.#end);
    const { line } = this.#scanner;
    if (error.code === 'CSV_MAX_RECORD_SIZE') return this.#tooLong();
    const [row = ''] = this.#scanner
      .bytes(start, start + MAX_LINE_BYTES)
      .toString()
      .split(/\r?\n/, 1);
    const advice = this.#header === undefined ? this.#delimiterAdvice([row]) : undefined;
    return sourceError(this.#path, { line, column: 1 }, SYNTAX[error.code] ?? 'is not CSV', {
      value: row,
      cause: error,
      next: advice ?? 'Put " around the whole value and write every " inside it twice, or remove the quotes.',
    });
  }
}

interface Header {
  readonly indexes: Readonly<Record<Field, number>>;
  /** Columns, known or not. */
  readonly width: number;
  readonly impliedKind: Kind | undefined;
  readonly columnOf: ColumnOf;
}

const NO_COLUMNS: Readonly<Record<Field, number>> = {
  id: -1,
  kind: -1,
  mode: -1,
  until: -1,
  reason: -1,
  ticket: -1,
};

const SYNTAX: Readonly<Partial<Record<string, string>>> = {
  CSV_QUOTE_NOT_CLOSED: 'begins a row in which a quote is not closed',
  CSV_INVALID_CLOSING_QUOTE: 'begins a row in which something follows a closing quote',
  INVALID_OPENING_QUOTE: 'begins a row in which a quote stands inside a value that is not quoted',
};

/**
 * csv-parse, with every record handed over at the moment at which it is complete: `info.bytes` then says where it ends,
 * which a record read from the stream later would not know. Nothing is buffered on the readable side.
 */
class RecordParser extends Parser {
  readonly #onRecord: (record: string[], end: number) => void;

  /** `onRecord` is told how many bytes were read up to the end of the record. */
  constructor(delimiter: string, onRecord: (record: string[], end: number) => void) {
    super({
      delimiter,
      record_delimiter: ['\r\n', '\n'],
      skip_empty_lines: true,
      relax_column_count: true,
      max_record_size: MAX_LINE_BYTES,
    });
    this.#onRecord = onRecord;
    // The callbacks of write and end report errors; without a listener the event would end the process.
    this.on('error', () => undefined);
  }

  override push(record: string[] | null): boolean {
    if (record === null) return super.push(null);
    // Every record counts as the first: else csv-parse makes an error, 30 µs, for each of another width than the
    // header, only to drop it. Should this ever cease to work, nothing but that time is lost.
    Object.assign(this.info, { records: 0 });
    this.#onRecord(record, this.info.bytes);
    return true;
  }
}

function isBlank(text: string): boolean {
  return /^[ \t]*$/.test(text);
}

function cell(record: readonly string[], index: number): string {
  return index === -1 ? '' : (record[index] ?? '');
}

/** 1-based character column at which a cell starts in the text of its row; 1 when the row spans lines before it. */
function columnOfCell(row: string, delimiter: string, index: number): number {
  let column = 1;
  let cellIndex = 0;
  let quoted = false;
  for (const character of row) {
    if (cellIndex === index) return column;
    if (character === '\n') return 1;
    if (character === '"') quoted = !quoted;
    else if (character === delimiter && !quoted) cellIndex++;
    column++;
  }
  return cellIndex === index ? column : 1;
}

/** The delimiter as one character; the two characters `\t`, as a shell passes them on, are a tab. */
function delimiterOf(asked: string | undefined): string {
  const delimiter = asked === '\\t' ? '\t' : (asked ?? ',');
  if (/^(?:\t|[ -~])$/.test(delimiter) && !/^[A-Za-z0-9"_-]$/.test(delimiter)) return delimiter;
  throw new PurgeError('usage', `--delimiter: "${printable(delimiter, 80)}" cannot separate columns.`, {
    next: "Use one character such as , or ; or | or '\\t' for a tab.",
  });
}
