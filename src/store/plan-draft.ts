import { closeSync, fsyncSync, openSync, rmSync } from 'node:fs';
import { dirname } from 'node:path';
import { DatabaseSync, type StatementSync } from 'node:sqlite';
import type { EntryPlace, PlanCounts, PlanDraft, PlannedLines, RepeatedEntry } from '../ports.ts';
import {
  KINDS,
  MODES,
  type InvalidRow,
  type ManifestEntry,
  type PlannedDeletion,
  type SkipReason,
  type SourceSummary,
} from '../types.ts';
import { oneOf } from './columns.ts';
import { openDatabase, orStorageError, sqliteCode, storageError } from './open-database.ts';
import { plannedLines } from './planned-lines.ts';
import { countEntries, plannedPages, setMeta } from './run-entries.ts';
import { planOf } from './run-record.ts';
import { INVALID_OFFSET, MANIFEST_ORDER, REPLICA_OFFSET, RUN_FORMAT, UNIQUE_IDS } from './run-schema.ts';
import { pagesByRow } from './select-arrays.ts';

const CURE = 'free disk space or choose another --state-dir, then plan again';

/** A draft in memory that is never saved: to find out whether entries can be planned together. */
export function trialDraft(): SqlitePlanDraft {
  const db = new DatabaseSync(':memory:');
  for (const step of RUN_FORMAT.migrations) db.exec(step);
  return new SqlitePlanDraft('trial', '', db);
}

/** Of every entry whose ID an earlier entry has: its row, and the row of the first such entry; in manifest order. */
const REPEATED = `
  SELECT row, first FROM (
    SELECT row, first_value(row) OVER (PARTITION BY id ORDER BY ${MANIFEST_ORDER}) AS first
    FROM entry WHERE skip IS NOT 'invalid'
  ) WHERE row <> first ORDER BY ${MANIFEST_ORDER}`;

const SQLITE_CONSTRAINT = 19;

/**
 * A run file while its plan is being written. It is not crash-safe and need not be: a plan that was not closed is
 * thrown away as a whole. `close` makes it durable.
 */
export class SqlitePlanDraft implements PlanDraft {
  readonly runId: string;
  readonly #path: string;
  readonly #db: DatabaseSync;
  readonly #insert: StatementSync;
  readonly #note: StatementSync;
  /** Place in manifest order. */
  #sequence = 0;
  #isComplete = false;

  constructor(runId: string, path: string, db: DatabaseSync = openDatabase(path, RUN_FORMAT)) {
    this.runId = runId;
    this.#path = path;
    this.#db = db;
    // The journal keeps pages that were there before, which are few; what a failed statement did is undone from it. An
    // index that is made at the end, by sorting, costs a tenth of one that is kept while IDs come in any order.
    orStorageError('write the plan', CURE, () => {
      this.#db.exec(
        `PRAGMA journal_mode = MEMORY; PRAGMA synchronous = OFF; PRAGMA locking_mode = EXCLUSIVE;
         DROP INDEX entry_id; BEGIN`,
      );
    });
    this.#insert = this.#db.prepare('INSERT INTO entry VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)');
    this.#note = this.#db.prepare('UPDATE entry SET detail = ? WHERE row = ?');
  }

  add(entry: ManifestEntry, skip?: { readonly why: SkipReason; readonly detail: string }): void {
    this.#write(() => {
      this.#sequence += 1;
      const row = this.#sequence + (entry.kind === 'replica' ? REPLICA_OFFSET : 0);
      const { kind, id, mode, source, line, reason, ticket } = entry;
      const why = skip?.why ?? null;
      this.#insert.run(row, kind, id, mode, source, line, reason, ticket, why, skip?.detail ?? '');
    });
  }

  addInvalid(row: InvalidRow): void {
    this.#write(() => {
      this.#sequence += 1;
      const { kind, id, mode, source, line, reason, ticket, problem } = row;
      const place = this.#sequence + INVALID_OFFSET;
      this.#insert.run(place, kind, id, mode, source, line, reason, ticket, 'invalid', problem);
    });
  }

  dropRepeated(onRepeated: (entry: RepeatedEntry) => void): void {
    this.#write(() => {
      this.#sortBesideTheFile(() => {
        if (this.#makeIdsUnique()) return;
        // No temporary table: its pages go into the index.
        this.#db.exec(`CREATE TABLE repeated AS ${REPEATED}`);
        for (const entry of repeatedEntries(this.#db)) onRepeated(entry);
        this.#db.exec('DELETE FROM entry WHERE row IN (SELECT row FROM repeated); DROP TABLE repeated');
        this.#db.exec(UNIQUE_IDS);
      });
      this.#isComplete = true;
    });
  }

  note(row: number, text: string): void {
    this.#write(() => this.#note.run(text, row));
  }

  plannedPages(): Iterable<readonly PlannedDeletion[]> {
    return plannedPages(this.#db);
  }

  plannedLines(): Iterable<PlannedLines> {
    return plannedLines(this.#db);
  }

  counts(): PlanCounts {
    return countEntries(this.#db);
  }

  /** What plan.csv is made of. */
  entries(sources: readonly SourceSummary[]): ReturnType<typeof planOf> {
    return planOf(this.#db, sources);
  }

  /** Keeps a value beside the plan, such as its header. */
  setMeta(name: string, value: string): void {
    this.#write(() => setMeta(this.#db, name, value));
  }

  /** Makes the file durable and readable by others. Nothing can be added afterwards. */
  close(): void {
    if (!this.#isComplete) throw new Error('a plan was closed in which IDs may be repeated');
    this.#write(() => {
      this.#db.exec('COMMIT; PRAGMA locking_mode = NORMAL; PRAGMA journal_mode = DELETE');
      this.#db.close();
      const file = openSync(this.#path, 'r');
      fsyncSync(file);
      closeSync(file);
    });
  }

  /** Throws the plan away. */
  discard(): void {
    if (this.#db.isOpen) this.#db.close();
    if (this.#path !== '') rmSync(this.#path, { force: true });
  }

  /** Whether the index of unique IDs could be made: only then is each ID there once. */
  #makeIdsUnique(): boolean {
    try {
      this.#db.exec(UNIQUE_IDS);
      return true;
    } catch (thrown) {
      if (sqliteCode(thrown) !== SQLITE_CONSTRAINT) throw thrown;
      return false;
    }
  }

  /**
   * What does not fit into memory while `work` sorts goes into the folder of the plan, which is private, on the disk
   * whose space the operator chose, and the only place that is sure to be writable.
   */
  #sortBesideTheFile(work: () => void): void {
    const path = this.#db.location();
    if (path === null) return work();
    // The setting holds for the whole process, and no connection may change it within a transaction of its own.
    using setter = new DatabaseSync(':memory:');
    setter.exec(`PRAGMA temp_store_directory = '${dirname(path).replaceAll("'", "''")}'`);
    try {
      work();
    } finally {
      setter.exec("PRAGMA temp_store_directory = ''");
    }
  }

  #write<T>(work: () => T): T {
    try {
      return work();
    } catch (thrown) {
      throw storageError('write the plan', CURE, thrown);
    }
  }
}

function* repeatedEntries(db: DatabaseSync): Iterable<RepeatedEntry> {
  const pages = pagesByRow(
    db,
    `SELECT r.rowid, e.id, e.kind, e.mode, e.source, e.line, f.kind, f.mode, f.source, f.line
     FROM repeated r CROSS JOIN entry e ON e.row = r.row CROSS JOIN entry f ON f.row = r.first
     WHERE r.rowid > ? ORDER BY r.rowid LIMIT ?`,
  );
  for (const page of pages) {
    for (const [, id, kind, mode, source, line, ...earlier] of page) {
      yield { id: String(id), ...placeOf([kind, mode, source, line]), earlier: placeOf(earlier) };
    }
  }
}

function placeOf([kind, mode, source, line]: readonly unknown[]): EntryPlace {
  return { kind: oneOf(KINDS, kind), mode: oneOf(MODES, mode), source: Number(source), line: Number(line) };
}
