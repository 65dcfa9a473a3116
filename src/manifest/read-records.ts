import type { ManifestFormat } from '../types.ts';
import { ColumnLookup } from './columns.ts';
import type { Columns } from './columns.ts';
import { decideFormat } from './detect-format.ts';
import { CHUNK_BYTES, MAX_LINE_BYTES, PAGE_ROWS } from './limits.ts';
import type { ColumnOf, RawRecord, RecordReader, RecordSink } from './raw-record.ts';
import type { ByteSource } from './read-bytes.ts';
import { CsvReader, type CsvSource } from './read-csv.ts';
import { readJson, readNdjson } from './read-json.ts';
import { TextScanner } from './text-scanner.ts';

export interface RecordOptions {
  readonly columns: Columns;
  readonly format?: ManifestFormat | undefined;
  readonly delimiter?: string | undefined;
}

/** What is known about a file once its records have been read. */
export interface RecordSummary {
  readonly format: ManifestFormat;
  readonly sha256: string;
  readonly records: number;
  /** Nothing but white space: not even a header or a list. */
  readonly blank: boolean;
  /** About the columns that were ignored. */
  readonly warnings: readonly string[];
}

/**
 * Reads the records of one file in pages of at most 1,000, each passed through `check` while its place is known.
 * Throws `usage` for what is wrong with the file as a whole. Memory is bounded, whatever the file holds.
 */
export async function* readRecords<T>(
  bytes: ByteSource,
  options: RecordOptions,
  check: (record: RawRecord, columnOf: ColumnOf) => T,
): AsyncGenerator<readonly T[], RecordSummary, void> {
  const chunks = bytes.chunks();
  let reader: RecordReader | undefined;
  let page: T[] = [];
  let records = 0;
  try {
    const head = await readHead(chunks);
    const format = decideFormat(bytes.path, options.format, head);
    const scanner = new TextScanner(bytes.path, format === 'json' ? Infinity : MAX_LINE_BYTES);
    const columns = new ColumnLookup(bytes.path, options.columns);
    const source = { path: bytes.path, scanner, columns, delimiter: options.delimiter };
    reader = readerFor(format, source, (record, columnOf) => {
      page.push(check(record, columnOf));
    });
    for await (const chunk of withHead(head, chunks)) {
      scanner.scan(chunk);
      await reader.write(chunk);
      if (page.length < PAGE_ROWS) continue;
      records += page.length;
      yield* inPages(page);
      page = [];
    }
    scanner.end();
    await reader.end();
    records += page.length;
    yield* inPages(page);
    return { format, sha256: bytes.sha256(), records, blank: isBlank(head), warnings: columns.warnings() };
  } finally {
    reader?.close();
    await chunks.return();
  }
}

function readerFor(format: ManifestFormat, source: CsvSource, sink: RecordSink): RecordReader {
  if (format === 'csv') return new CsvReader(source, sink);
  const lines = format === 'ndjson';
  return (lines ? readNdjson : readJson)({ ...source, lines }, sink);
}

/** Enough from the start to tell the format: up to 1 KiB after white space, at most about one chunk. */
async function readHead(chunks: AsyncGenerator<Buffer, void, void>): Promise<Buffer> {
  let head: Buffer = Buffer.alloc(0);
  while (head.length < CHUNK_BYTES && head.toString('latin1').trimStart().length < 1024) {
    const step = await chunks.next();
    if (step.done === true) break;
    head = Buffer.concat([head, step.value]);
  }
  return head;
}

async function* withHead(head: Buffer, chunks: AsyncIterable<Buffer>): AsyncGenerator<Buffer, void, void> {
  if (head.length > 0) yield head;
  yield* chunks;
}

function* inPages<T>(rows: readonly T[]): Generator<readonly T[], void, void> {
  for (let at = 0; at < rows.length; at += PAGE_ROWS) yield rows.slice(at, at + PAGE_ROWS);
}

function isBlank(head: Buffer): boolean {
  return head.toString('latin1').trim() === '';
}
