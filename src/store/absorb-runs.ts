import { basename, join } from 'node:path';
import type { DatabaseSync } from 'node:sqlite';
import { PurgeError } from '../errors.ts';
import { exitCodeOf, worstExitCode } from '../exit-code.ts';
import { LEDGER_FORMAT } from './ledger-file.ts';
import { inTransaction, sqliteCode, storageError } from './open-database.ts';
import { RunFile } from './run-file.ts';
import { listRunFolders, RUN_DB } from './run-folders.ts';

/** SQLite codes of a file that is damaged or none of SQLite's: CORRUPT, NOTADB. */
const DAMAGED: ReadonlySet<number> = new Set([11, 26]);

export type OnUnreadable = (folder: string, error: PurgeError) => void;

/**
 * Brings the ledger `db` up to date with the run folders of `stateDir`: whatever a run file knows as deleted and the
 * ledger does not yet know. `onUnreadable` hears of run folders that cannot be read.
 */
export function absorbRuns(db: DatabaseSync, stateDir: string, onUnreadable: OnUnreadable): void {
  const absorbed = new Set(
    db
      .prepare('SELECT run_id FROM absorbed')
      .all()
      .map((row) => String(row['run_id'])),
  );
  for (const folder of listRunFolders(stateDir)) {
    if (absorbed.has(basename(folder))) continue;
    try {
      using run = new RunFile(folder, { readOnly: true });
      if (run.lives() > 0) withRunAttached(db, run, () => takeOver(db, run));
    } catch (thrown) {
      const isDamaged = DAMAGED.has(sqliteCode(thrown) ?? 0);
      if (!isDamaged && !(thrown instanceof PurgeError)) throw thrown;
      onUnreadable(folder, storageError(`read ${join(folder, RUN_DB)}`, LEDGER_FORMAT.cure, thrown));
    }
  }
}

/** Runs `work` in one transaction of the ledger, with the tables of the run as `run.…`. */
export function withRunAttached(db: DatabaseSync, run: RunFile, work: () => void): void {
  db.prepare('ATTACH ? AS run').run(join(run.folder, RUN_DB));
  try {
    // A deferred transaction: an immediate one would lock the attached run file too, which may be of a running run.
    inTransaction(db, 'DEFERRED', work);
  } finally {
    db.exec('DETACH run');
  }
}

/** Takes over what the attached run has deleted so far and, once it is settled, its place in the history of its job. */
export function takeOver(db: DatabaseSync, run: RunFile): void {
  const { runId, target } = run.header;
  const isSettled = run.isSettled();
  // In the order of the key: it takes a quarter of the time that the order of the plan takes.
  db.prepare(
    `INSERT INTO deletion
     SELECT ?, e.kind, e.id, e.mode, o.outcome, o.finished_at, ?
     FROM run.outcome o JOIN run.entry e ON e.row = o.row
     WHERE o.outcome IN ('deleted', 'deleted_inferred')
     ORDER BY e.kind, e.id, e.mode
     ON CONFLICT DO UPDATE SET outcome = excluded.outcome, at = excluded.at, run_id = excluded.run_id
     WHERE excluded.at > deletion.at`,
  ).run(target.baseUrl, runId);
  if (!isSettled) return;
  rememberJobRun(db, run);
  db.prepare('INSERT OR IGNORE INTO absorbed VALUES (?)').run(runId);
}

/** A job's run that nobody recorded as one: it was ended by hand, or the ledger was lost. */
function rememberJobRun(db: DatabaseSync, run: RunFile): void {
  const { runId, job, planned } = run.header;
  const record = run.record();
  const { lastLife, settings } = record;
  if (typeof job !== 'string' || lastLife?.end === undefined || lastLife.end === null) return;
  const { endedAt, exitCode } = lastLife.end;
  const code = worstExitCode(exitCodeOf(record.totals().counts, settings), exitCode);
  db.prepare(
    `INSERT OR IGNORE INTO job_run
     SELECT ?1, ?2, ?3, ?4, ?5, ?6, 1, 1
     WHERE NOT EXISTS (SELECT 1 FROM job_run WHERE job = ?1 AND run_id = ?3 AND complete = 1)`,
  ).run(job, lastLife.startedAt, runId, endedAt, code, planned);
}
