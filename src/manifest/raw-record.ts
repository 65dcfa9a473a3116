import type { Kind } from '../types.ts';
import type { Field } from './columns.ts';

/** One row as a file says it, before any rule about its values. A text that is absent is empty. */
export interface RawRecord extends Readonly<Record<Field, string>> {
  /** 1-based physical line on which the row starts. */
  readonly line: number;
  /** The kind that the file's own structure says: the column is `video_id`, the list is `videos`. */
  readonly impliedKind: Kind | undefined;
  /** Why the row cannot be read as a row at all, if so. */
  readonly problem: RowProblem | undefined;
}

/** What is wrong with a row; `problem` is a phrase that fits after the value, or stands alone when that is empty. */
export interface RowProblem {
  readonly column: number;
  readonly value: string;
  readonly problem: string;
}

/** 1-based column, in characters, of a field of the row at hand; that of the row when the field is absent. */
export type ColumnOf = (field: Field) => number;

/** Takes the rows in file order, each while its reader stands on it: `columnOf` is good for the call only. */
export type RecordSink = (record: RawRecord, columnOf: ColumnOf) => void;

/** Turns the chunks of one file, already scanned, into rows. Throws `usage` for what is wrong with the file itself. */
export interface RecordReader {
  write(chunk: Buffer): Promise<void>;
  end(): Promise<void>;
  /** Frees what it holds; also after an error. */
  close(): void;
}
