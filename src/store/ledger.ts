import { basename, join } from 'node:path';
import type { DatabaseSync, StatementSync } from 'node:sqlite';
import { PurgeError } from '../errors.ts';
import type { Ledger, LedgerEntry } from '../ports.ts';
import { MODES, type Kind } from '../types.ts';
import { oneOf } from './columns.ts';
import {
  inTransaction,
  numberFrom,
  openDatabase,
  orStorageError,
  sqliteCode,
  storageError,
  type FileFormat,
} from './open-database.ts';
import { RunFile } from './run-file.ts';
import { listRunFolders, RUN_DB } from './run-folders.ts';

const LEDGER_FORMAT: FileFormat = {
  name: 'ledger',
  applicationId: 0x54_50_4c_31, // "TPL1"
  cure: 'move ledger.db away; it is made again from the run folders',
  migrations: [
    `
    CREATE TABLE deletion (
      origin TEXT NOT NULL,
      kind TEXT NOT NULL,
      id TEXT NOT NULL,
      mode TEXT NOT NULL,
      outcome TEXT NOT NULL,
      at INTEGER NOT NULL,
      run_id TEXT NOT NULL,
      PRIMARY KEY (origin, kind, id, mode)
    ) STRICT, WITHOUT ROWID;
    CREATE TABLE absorbed (run_id TEXT PRIMARY KEY) STRICT, WITHOUT ROWID;
    `,
  ],
};

/** SQLite codes of a file that is damaged or none of SQLite's: CORRUPT, NOTADB. */
const DAMAGED: ReadonlySet<number> = new Set([11, 26]);

/**
 * The memory across runs. It is derived: whatever a run file knows as deleted and the ledger does not yet know (the
 * run is going on, was killed, or the ledger was lost) is taken over when the ledger is brought up to date.
 */
export class SqliteLedger implements Ledger, Disposable {
  readonly #db: DatabaseSync;
  readonly #stateDir: string;
  readonly #origin: string;
  readonly #find: StatementSync;
  readonly #isEmpty: boolean;

  /** Opens the ledger of `stateDir` and brings it up to date. `onUnreadable` hears of run folders that cannot be read. */
  constructor(stateDir: string, origin: string, onUnreadable: (folder: string, error: PurgeError) => void) {
    this.#stateDir = stateDir;
    this.#origin = origin;
    this.#db = openDatabase(join(stateDir, 'ledger.db'), LEDGER_FORMAT, { busyTimeoutMs: 30_000 });
    orStorageError('write the ledger', LEDGER_FORMAT.cure, () => {
      this.#db.exec('PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL');
      this.#takeOver(onUnreadable);
    });
    // `hard` sorts before `soft`: the hardest deletion comes first.
    this.#find = this.#db.prepare(
      'SELECT mode, outcome, at, run_id FROM deletion WHERE origin = ? AND kind = ? AND id = ? ORDER BY mode LIMIT 1',
    );
    this.#isEmpty =
      numberFrom(this.#db.prepare('SELECT EXISTS (SELECT 1 FROM deletion WHERE origin = ?)'), origin) === 0;
  }

  find(kind: Kind, id: string): LedgerEntry | undefined {
    if (this.#isEmpty) return undefined;
    const row = this.#find.get(this.#origin, kind, id);
    if (row === undefined) return undefined;
    return {
      mode: oneOf(MODES, row['mode']),
      outcome: oneOf(['deleted', 'deleted_inferred'], row['outcome']),
      at: Number(row['at']),
      runId: String(row['run_id']),
    };
  }

  close(): void {
    if (this.#db.isOpen) this.#db.close();
  }

  [Symbol.dispose](): void {
    this.close();
  }

  #takeOver(onUnreadable: (folder: string, error: PurgeError) => void): void {
    const absorbed = new Set(
      this.#db
        .prepare('SELECT run_id FROM absorbed')
        .all()
        .map((row) => String(row['run_id'])),
    );
    for (const folder of listRunFolders(this.#stateDir)) {
      if (absorbed.has(basename(folder))) continue;
      try {
        this.#absorb(folder);
      } catch (thrown) {
        const isDamaged = DAMAGED.has(sqliteCode(thrown) ?? 0);
        if (!isDamaged && !(thrown instanceof PurgeError)) throw thrown;
        onUnreadable(folder, storageError(`read ${join(folder, RUN_DB)}`, LEDGER_FORMAT.cure, thrown));
      }
    }
  }

  #absorb(folder: string): void {
    using run = new RunFile(folder, { readOnly: true });
    if (run.lives() === 0) return;
    const isSettled = run.isSettled();
    this.#db.prepare('ATTACH ? AS run').run(join(folder, RUN_DB));
    try {
      // A deferred transaction: an immediate one would lock the attached run file too, which may be of a running run.
      inTransaction(this.#db, 'DEFERRED', () => {
        this.#db
          .prepare(
            `INSERT INTO deletion
             SELECT ?, e.kind, e.id, e.mode, o.outcome, o.finished_at, ?
             FROM run.outcome o JOIN run.entry e ON e.row = o.row
             WHERE o.outcome IN ('deleted', 'deleted_inferred')
             ON CONFLICT DO UPDATE SET outcome = excluded.outcome, at = excluded.at, run_id = excluded.run_id
             WHERE excluded.at > deletion.at`,
          )
          .run(run.header.target.baseUrl, run.header.runId);
        if (isSettled) this.#db.prepare('INSERT OR IGNORE INTO absorbed VALUES (?)').run(run.header.runId);
      });
    } finally {
      this.#db.exec('DETACH run');
    }
  }
}
