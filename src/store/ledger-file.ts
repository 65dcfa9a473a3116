import { join } from 'node:path';
import type { DatabaseSync } from 'node:sqlite';
import { openDatabase, orStorageError, type FileFormat } from './open-database.ts';

/**
 * ledger.db: what is known across runs. `deletion` is derived: it can be made again from the run folders, but not from
 * those that were pruned. Of those the ledger alone knows: `deletion` what they deleted, `pruned_run` and `pruned_entry`
 * what they planned and held, `job_run` how often a job ran and how much. A run is pruned only after it is in here.
 */
export const LEDGER_FORMAT: FileFormat = {
  name: 'ledger',
  applicationId: 0x54_50_4c_31, // "TPL1"
  cure:
    'restore ledger.db from a backup, or move it away: it is made again from the run folders that are left, without ' +
    'what pruned runs deleted and planned, and without their part in the history of jobs',
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
    `
    CREATE TABLE job_run (
      job TEXT NOT NULL,
      started_at INTEGER NOT NULL,
      run_id TEXT NOT NULL, -- '': it carried out none
      ended_at INTEGER,
      exit_code INTEGER,
      planned INTEGER NOT NULL,
      complete INTEGER NOT NULL,
      derived INTEGER NOT NULL, -- 1: from a run folder, since nobody recorded it
      PRIMARY KEY (job, started_at, run_id)
    ) STRICT, WITHOUT ROWID;
    CREATE TABLE pruned_run (
      n INTEGER PRIMARY KEY,
      run_id TEXT NOT NULL UNIQUE,
      origin TEXT NOT NULL,
      job TEXT,
      planned_at TEXT NOT NULL,
      applied INTEGER NOT NULL,
      pruned_at INTEGER NOT NULL
    ) STRICT;
    CREATE TABLE pruned_entry (
      id TEXT NOT NULL,
      run INTEGER NOT NULL,
      kind TEXT NOT NULL,
      mode TEXT NOT NULL,
      skip TEXT,
      outcome TEXT,
      finished_at INTEGER,
      PRIMARY KEY (id, run)
    ) STRICT, WITHOUT ROWID;
    `,
  ],
};

/** How long to wait for another process's write to the ledger. */
const BUSY_MS = 30_000;

/** The ledger's file in a state folder. */
export function ledgerPath(stateDir: string): string {
  return join(stateDir, 'ledger.db');
}

/** Opens the ledger of a state folder, and makes it if there is none. Throws a `storage` PurgeError when it cannot be used. */
export function openLedgerFile(stateDir: string): DatabaseSync {
  const db = openDatabase(ledgerPath(stateDir), LEDGER_FORMAT, { busyTimeoutMs: BUSY_MS });
  try {
    writingLedger(() => db.exec('PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL'));
    return db;
  } catch (thrown) {
    db.close();
    throw thrown;
  }
}

/** Runs `work`; what SQLite throws in it becomes a `storage` PurgeError about the ledger. */
export function writingLedger<T>(work: () => T): T {
  return orStorageError('write the ledger', LEDGER_FORMAT.cure, work);
}
