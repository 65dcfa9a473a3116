import { closeSync, fsyncSync, openSync, rmSync } from 'node:fs';
import { DatabaseSync, type StatementSync } from 'node:sqlite';
import type { EarlierEntry, PlanCounts, PlanDraft } from '../ports.ts';
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
import { openDatabase, storageError } from './open-database.ts';
import { countEntries, plannedRows, setMeta } from './run-entries.ts';
import { planOf } from './run-record.ts';
import { INVALID_OFFSET, REPLICA_OFFSET, RUN_FORMAT } from './run-schema.ts';

const CURE = 'free disk space or choose another --state-dir, then plan again';

/** A draft in memory that is never saved: to find out whether entries can be planned together. */
export function trialDraft(): SqlitePlanDraft {
  const db = new DatabaseSync(':memory:');
  for (const step of RUN_FORMAT.migrations) db.exec(step);
  return new SqlitePlanDraft('trial', '', db);
}

/**
 * A run file while its plan is being written. It is not crash-safe and need not be: a plan that was not closed is
 * thrown away as a whole. `close` makes it durable.
 */
export class SqlitePlanDraft implements PlanDraft {
  readonly runId: string;
  readonly #path: string;
  readonly #db: DatabaseSync;
  readonly #insert: StatementSync;
  readonly #findById: StatementSync;
  readonly #note: StatementSync;
  /** Place in manifest order. */
  #sequence = 0;

  constructor(runId: string, path: string, db: DatabaseSync = openDatabase(path, RUN_FORMAT)) {
    this.runId = runId;
    this.#path = path;
    this.#db = db;
    this.#db.exec(
      'PRAGMA journal_mode = OFF; PRAGMA synchronous = OFF; PRAGMA locking_mode = EXCLUSIVE; BEGIN',
    );
    this.#insert = this.#db.prepare(
      'INSERT INTO entry VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?) ON CONFLICT DO NOTHING',
    );
    this.#findById = this.#db.prepare(
      "SELECT kind, mode, source, line FROM entry WHERE id = ? AND skip IS NOT 'invalid'",
    );
    this.#note = this.#db.prepare('UPDATE entry SET detail = ? WHERE row = ?');
  }

  add(
    entry: ManifestEntry,
    skip?: { readonly why: SkipReason; readonly detail: string },
  ): EarlierEntry | undefined {
    return this.#write(() => {
      this.#sequence += 1;
      const row = this.#sequence + (entry.kind === 'replica' ? REPLICA_OFFSET : 0);
      const { kind, id, mode, source, line, reason, ticket } = entry;
      const why = skip?.why ?? null;
      const added = this.#insert.run(
        row,
        kind,
        id,
        mode,
        source,
        line,
        reason,
        ticket,
        why,
        skip?.detail ?? '',
      );
      if (added.changes === 1) return undefined;
      const earlier = this.#findById.get(id);
      if (earlier === undefined) throw new Error('an entry was neither added nor found');
      return {
        kind: oneOf(KINDS, earlier['kind']),
        mode: oneOf(MODES, earlier['mode']),
        source: Number(earlier['source']),
        line: Number(earlier['line']),
      };
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

  note(row: number, text: string): void {
    this.#write(() => this.#note.run(text, row));
  }

  planned(): Iterable<PlannedDeletion> {
    return plannedRows(this.#db);
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

  #write<T>(work: () => T): T {
    try {
      return work();
    } catch (thrown) {
      throw storageError('write the plan', CURE, thrown);
    }
  }
}
