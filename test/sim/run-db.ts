import { DatabaseSync, type StatementSync } from 'node:sqlite';
import { RUN_FORMAT } from '../../src/store/run-schema.ts';
import type { Sent } from './history.ts';

/** How a write goes wrong, and when. */
export interface WriteFailure {
  /** Told before each transaction; says whether this one fails. */
  readonly fails: () => boolean;
  readonly how: 'begin' | 'lost' | 'kept';
  /** Told once a transaction has failed. */
  readonly onFailed: () => void;
}

const TABLES = ['meta', 'entry', 'life', 'attempt', 'answer', 'pause', 'outcome'];
const spare: RunDb[] = [];

/** A run file in memory: the real schema on real SQLite, with a disk that can fail. It outlives the processes. */
export class RunDb {
  readonly db: DatabaseSync = new DatabaseSync(':memory:');
  #failure: WriteFailure | null = null;
  #isFailing = false;

  readonly #recorded: StatementSync;

  private constructor() {
    for (const step of RUN_FORMAT.migrations) this.db.exec(step);
    this.#recorded = this.db.prepare(
      `SELECT EXISTS (SELECT 1 FROM outcome o WHERE o.row = e.row) AS hasOutcome,
              (SELECT count(*) FROM attempt a WHERE a.row = e.row) AS attempts
       FROM entry e WHERE e.id = ? AND e.skip IS NULL`,
    );
    const exec = this.db.exec.bind(this.db);
    // What the disk does is what SQLite answers with: nothing above it is replaced.
    Object.defineProperty(this.db, 'exec', { value: (sql: string) => this.#exec(sql, exec) });
  }

  /** An empty run file. Making a database costs more than emptying one, so they are used again. */
  static create(): RunDb {
    return spare.pop() ?? new RunDb();
  }

  /** Throws what is in it away. */
  release(): void {
    this.useDisk(null);
    if (this.db.isTransaction) this.db.exec('ROLLBACK');
    for (const table of TABLES) this.db.exec(`DELETE FROM ${table}`);
    spare.push(this);
  }

  /** What is durable about this ID right now. */
  recordedOf(id: string): Sent['recorded'] {
    const row = this.#recorded.get(id);
    return { hasOutcome: row?.['hasOutcome'] === 1, attempts: Number(row?.['attempts'] ?? 0) };
  }

  /** Until when, by the wall clock, recorded answers and ends of lives ask for silence; 0 when none does. */
  pausedUntil(): number {
    const sql =
      'SELECT max(at) AS at FROM (SELECT max(not_before) AS at FROM pause UNION ALL SELECT max(not_before) FROM life)';
    return Number(this.db.prepare(sql).get()?.['at'] ?? 0);
  }

  /** The disk of the next process. */
  useDisk(failure: WriteFailure | null): void {
    this.#failure = failure;
    this.#isFailing = false;
  }

  #exec(sql: string, exec: (sql: string) => void): void {
    const failure = this.#failure;
    if (failure === null) {
      exec(sql);
      return;
    }
    if (sql.startsWith('BEGIN')) {
      this.#isFailing = failure.fails();
      if (this.#isFailing && failure.how === 'begin') throw this.#failed(10);
    }
    if (sql !== 'COMMIT' || !this.#isFailing) {
      exec(sql);
      return;
    }
    if (failure.how === 'kept') {
      exec(sql);
      throw this.#failed(10);
    }
    throw this.#failed(13);
  }

  #failed(errcode: number): Error {
    this.#failure?.onFailed();
    return Object.assign(new Error('simulated disk failure'), { code: 'ERR_SQLITE_ERROR', errcode });
  }
}
