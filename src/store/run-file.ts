import { join } from 'node:path';
import type { DatabaseSync } from 'node:sqlite';
import { PurgeError } from '../errors.ts';
import type { SavedPlan } from '../library.ts';
import type { PlannedLines, RunRecord } from '../ports.ts';
import type { ExecutionSettings, Kind, PlanHeader } from '../types.ts';
import { numberOrNull, parseOwn } from './columns.ts';
import type { Schedule } from './commit-queue.ts';
import { findEntry, type FoundEntry } from './find-entry.ts';
import { numberFrom, openDatabase, sqliteCode, storageError } from './open-database.ts';
import { plannedLines } from './planned-lines.ts';
import { getMeta, previewOf, setMeta } from './run-entries.ts';
import { RUN_DB } from './run-folders.ts';
import { firstPending, SqliteRunJournal } from './run-journal.ts';
import { planOf, readRecord } from './run-record.ts';
import { RUN_FORMAT } from './run-schema.ts';

/** Name of the text inside run.db that plan.json must have. */
export const HEADER = 'header';
/** The life whose results were written last, counted from 1. */
const REPORTED = 'reported';

export interface SavedLife {
  readonly keyFingerprint: string;
  readonly settings: ExecutionSettings;
  readonly holdFiles: readonly string[];
  readonly notBefore: number | null;
  /** When it ended, or began if that is all that is known. */
  readonly lastSignAt: number;
}

/**
 * Opens the run file of `folder` for `work` and closes it after. What SQLite throws on the way (a damaged file, one that
 * another process keeps busy) becomes a `storage` PurgeError that names the file.
 */
export async function withRun<T>(
  folder: string,
  options: { readonly readOnly: boolean },
  work: (run: RunFile) => T | Promise<T>,
): Promise<T> {
  try {
    using run = new RunFile(folder, options);
    return await work(run);
  } catch (thrown) {
    if (sqliteCode(thrown) === undefined) throw thrown;
    throw storageError(`use ${join(folder, RUN_DB)}`, RUN_FORMAT.cure, thrown);
  }
}

/** An open run file. Close it when done; `withRun` does. */
export class RunFile implements Disposable {
  readonly folder: string;
  readonly header: PlanHeader;
  /** The text that plan.json must have. */
  readonly headerText: string;
  readonly #db: DatabaseSync;
  readonly #readOnly: boolean;
  /** All planned deletions up to this row are known to have their final outcome, which is never taken back. */
  #doneUpTo = -1;

  constructor(folder: string, options: { readonly readOnly: boolean }) {
    this.folder = folder;
    this.#readOnly = options.readOnly;
    const path = join(folder, RUN_DB);
    this.#db = openDatabase(path, RUN_FORMAT, options);
    try {
      if (!options.readOnly) this.#db.exec('PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL');
      this.headerText = getMeta(this.#db, HEADER) ?? '';
      this.header = parseHeader(this.headerText, path);
    } catch (thrown) {
      this.#db.close();
      throw thrown;
    }
  }

  /** The planned deletions as the file holds them now, as lines of what the planId is made of. */
  plannedLines(): Iterable<PlannedLines> {
    return plannedLines(this.#db);
  }

  /** What reports are made of. Everything read from one record before `close` is one moment of the run. */
  record(): RunRecord {
    return readRecord(this.#db, this.header);
  }

  /** What plan.csv is made of. */
  entries(): ReturnType<typeof planOf> {
    return planOf(this.#db, this.header.sources);
  }

  /** Reads from now on see one moment of the file, also while another process writes. */
  freeze(): void {
    this.#db.exec('BEGIN');
  }

  journal(schedule?: Schedule): SqliteRunJournal {
    return new SqliteRunJournal(this.#db, schedule, this.#doneUpTo);
  }

  /** Whether nothing was ever done about the plan. */
  isUntouched(): boolean {
    const touched = ['life', 'attempt', 'answer', 'pause', 'outcome'].map(
      (table) => `EXISTS (SELECT 1 FROM ${table})`,
    );
    return numberFrom(this.#db.prepare(`SELECT ${touched.join(' OR ')}`)) === 0;
  }

  /** How often the run was started. */
  lives(): number {
    return numberFrom(this.#db.prepare('SELECT count(*) FROM life'));
  }

  /** Whether every planned deletion has its final outcome, and the last life ended in order. */
  isSettled(): boolean {
    const last = this.#db.prepare('SELECT ended_at FROM life ORDER BY n DESC LIMIT 1').get();
    return last !== undefined && last['ended_at'] !== null && !this.#hasPending();
  }

  /**
   * Whether nothing is left to do: settled, and the results of its last life are written. A run that was killed, or
   * whose disk was full, after its last outcome has them still to write.
   */
  isFinished(): boolean {
    return getMeta(this.#db, REPORTED) === String(this.lives()) && this.isSettled();
  }

  /** Records that the results of the last life are written. */
  markReported(): void {
    setMeta(this.#db, REPORTED, String(this.lives()));
  }

  /** What the last life ran with, or `undefined` before there was one. */
  lastLife(): SavedLife | undefined {
    const row = this.#db.prepare('SELECT * FROM life ORDER BY n DESC LIMIT 1').get();
    if (row === undefined) return undefined;
    return {
      keyFingerprint: String(row['key_fingerprint']),
      settings: parseOwn<ExecutionSettings>(row['settings']),
      holdFiles: parseOwn<string[]>(row['hold_files']),
      notBefore: numberOrNull(row['not_before']),
      lastSignAt: numberOrNull(row['ended_at']) ?? Number(row['started_at']),
    };
  }

  /** What this run knows of an ID. */
  find(id: string, kind?: Kind): FoundEntry | undefined {
    return findEntry(this.#db, id, kind);
  }

  /** The first and last planned deletions, at most `count` of each, without overlap. */
  preview(count: number): SavedPlan['preview'] {
    return previewOf(this.#db, this.header.sources, count);
  }

  close(): void {
    if (!this.#db.isOpen) return;
    if (this.#db.isTransaction) this.#db.exec('ROLLBACK');
    if (!this.#readOnly) this.#foldJournal();
    this.#db.close();
  }

  #hasPending(): boolean {
    const first = firstPending(this.#db, this.#doneUpTo);
    if (first === null) return false;
    this.#doneUpTo = first - 1;
    return true;
  }

  /** Leaves one file, without -wal and -shm beside it, when nobody else reads it. Nothing depends on it. */
  #foldJournal(): void {
    try {
      this.#db.exec('PRAGMA journal_mode = DELETE');
    } catch {
      // Somebody reads, or the disk is full: the journal stays, and is as good as the file.
    }
  }

  [Symbol.dispose](): void {
    this.close();
  }
}

function parseHeader(text: string, path: string): PlanHeader {
  try {
    return parseOwn<PlanHeader>(text);
  } catch (cause) {
    throw new PurgeError('storage', `${path} holds no plan.`, { next: RUN_FORMAT.cure, cause });
  }
}
