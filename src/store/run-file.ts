import { join } from 'node:path';
import type { DatabaseSync } from 'node:sqlite';
import { PurgeError } from '../errors.ts';
import type { RunRecord } from '../ports.ts';
import type { ExecutionSettings, PlannedDeletion, PlanHeader } from '../types.ts';
import { numberFrom, openDatabase, orStorageError } from './open-database.ts';
import { getMeta, plannedRows } from './run-entries.ts';
import { RUN_DB } from './run-folders.ts';
import { SqliteRunJournal } from './run-journal.ts';
import { readRecord } from './run-record.ts';
import { RUN_FORMAT } from './run-schema.ts';

/** Name of the text of plan.json inside run.db. */
export const HEADER = 'header';

/** An open run file. Close it when done. */
export class RunFile implements Disposable {
  readonly folder: string;
  readonly header: PlanHeader;
  /** The text that plan.json must have. */
  readonly headerText: string;
  readonly #db: DatabaseSync;

  constructor(folder: string, options: { readonly readOnly: boolean }) {
    this.folder = folder;
    const path = join(folder, RUN_DB);
    this.#db = openDatabase(path, RUN_FORMAT, options);
    try {
      if (!options.readOnly) this.#db.exec('PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL');
      this.headerText = orStorageError(
        `read ${path}`,
        RUN_FORMAT.cure,
        () => getMeta(this.#db, HEADER) ?? '',
      );
      this.header = parseHeader(this.headerText, path);
    } catch (thrown) {
      this.#db.close();
      throw thrown;
    }
  }

  planned(): Iterable<PlannedDeletion> {
    return plannedRows(this.#db);
  }

  /** What reports are made of. Everything read from one record before `close` is one moment of the run. */
  record(): RunRecord {
    return orStorageError(`read ${join(this.folder, RUN_DB)}`, RUN_FORMAT.cure, () =>
      readRecord(this.#db, this.header),
    );
  }

  /** Reads from now on see one moment of the file, also while another process writes. */
  freeze(): void {
    this.#db.exec('BEGIN');
  }

  journal(): SqliteRunJournal {
    return new SqliteRunJournal(this.#db);
  }

  /** How often the run was started. */
  lives(): number {
    return numberFrom(this.#db.prepare('SELECT count(*) FROM life'));
  }

  /** Whether every planned deletion has its final outcome. */
  isFinished(): boolean {
    return this.lives() > 0 && this.journal().pendingCount() === 0;
  }

  /** The settings of the last life, or `undefined` before there was one. */
  lastSettings(): ExecutionSettings | undefined {
    const row = this.#db.prepare('SELECT settings FROM life ORDER BY n DESC LIMIT 1').get();
    return row === undefined ? undefined : (JSON.parse(String(row['settings'])) as ExecutionSettings);
  }

  close(): void {
    if (!this.#db.isOpen) return;
    if (this.#db.isTransaction) this.#db.exec('ROLLBACK');
    this.#db.close();
  }

  [Symbol.dispose](): void {
    this.close();
  }
}

function parseHeader(text: string, path: string): PlanHeader {
  try {
    return JSON.parse(text) as PlanHeader;
  } catch (cause) {
    throw new PurgeError('storage', `${path} holds no plan.`, { next: RUN_FORMAT.cure, cause });
  }
}
