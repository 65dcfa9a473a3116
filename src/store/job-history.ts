import { existsSync } from 'node:fs';
import type { DatabaseSync } from 'node:sqlite';
import { absorbRuns } from './absorb-runs.ts';
import { numberOrNull } from './columns.ts';
import { openLedgerFile, writingLedger } from './ledger-file.ts';
import { inTransaction } from './open-database.ts';

/** One start of a job, as far as it has come. Times are ms since 1970. */
export interface JobRunRecord {
  readonly job: string;
  readonly startedAt: number;
  /** `null` while it is at work, and for ever when it was killed. */
  readonly endedAt: number | null;
  readonly exitCode: number | null;
  /** The runs that it carried out or made a plan for; none when it was refused before, or had nothing to do. */
  readonly runs: readonly JobRunPart[];
}

interface JobRunPart {
  readonly runId: string;
  /** Planned deletions of the whole run. */
  readonly planned: number;
  /** Whether every one of them has its final outcome. */
  readonly complete: boolean;
}

/** What is known of the earlier runs of a job. Times are ms since 1970; `null`: never, or not known. */
export interface JobHistory {
  readonly lastStartAt: number | null;
  readonly lastSuccessAt: number | null;
  readonly lastExitCode: number | null;
  /** Planned deletions of the last ten runs that were carried out to their end, the newest first; empty plans do not count. */
  readonly planned: readonly number[];
  /** The newest time that any job of this state folder recorded: a clock well before it was set back. */
  readonly newestAt: number | null;
}

/** How many runs the growth of a job is measured by. */
const GROWTH_RUNS = 10;

/**
 * Records a start of a job, or says anew how it went: the same job and start is the same record. The state folder must
 * exist. Of starts without a run only the newest with each exit code is kept. Throws a `storage` PurgeError.
 */
export function recordJobRun(
  stateDir: string,
  { job, startedAt, endedAt, exitCode, runs }: JobRunRecord,
): void {
  using db = openLedgerFile(stateDir);
  writingLedger(() =>
    inTransaction(db, 'IMMEDIATE', () => {
      db.prepare('DELETE FROM job_run WHERE job = ? AND started_at = ?').run(job, startedAt);
      const forget = db.prepare('DELETE FROM job_run WHERE job = ? AND run_id = ? AND derived = 1');
      const insert = db.prepare('INSERT INTO job_run VALUES (?, ?, ?, ?, ?, ?, ?, 0)');
      for (const { runId, planned, complete } of runs) {
        forget.run(job, runId);
        insert.run(job, startedAt, runId, endedAt, exitCode, planned, complete ? 1 : 0);
      }
      if (runs.length > 0) return;
      // A later one stays: it is how a clock that was set back is found out, at the next start as well.
      db.prepare(
        "DELETE FROM job_run WHERE job = ? AND run_id = '' AND exit_code IS ? AND started_at <= ?",
      ).run(job, exitCode, startedAt);
      insert.run(job, startedAt, '', endedAt, exitCode, 0, 0);
    }),
  );
}

/** What is known of the earlier runs of a job, those included that were continued by hand. Throws a `storage` PurgeError. */
export function readJobHistory(stateDir: string, job: string): JobHistory {
  if (!existsSync(stateDir)) return NO_HISTORY;
  using db = openLedgerFile(stateDir);
  return writingLedger(() => {
    // Folders that cannot be read are told when something is planned.
    absorbRuns(db, stateDir, () => {});
    const { started, succeeded } = rowOf(
      db,
      `SELECT max(started_at) AS started, max(CASE WHEN exit_code = 0 THEN ended_at END) AS succeeded
       FROM job_run WHERE job = ?`,
      job,
    );
    const { code } = rowOf(
      db,
      `SELECT exit_code AS code FROM job_run WHERE job = ? AND ended_at IS NOT NULL
       ORDER BY ended_at DESC, started_at DESC LIMIT 1`,
      job,
    );
    const { newest } = rowOf(db, 'SELECT max(max(started_at, coalesce(ended_at, 0))) AS newest FROM job_run');
    return {
      lastStartAt: numberOrNull(started),
      lastSuccessAt: numberOrNull(succeeded),
      lastExitCode: numberOrNull(code),
      planned: plannedBefore(db, job),
      newestAt: numberOrNull(newest),
    };
  });
}

const NO_HISTORY: JobHistory = {
  lastStartAt: null,
  lastSuccessAt: null,
  lastExitCode: null,
  planned: [],
  newestAt: null,
};

/** A run that was continued counts once, where it ended. */
function plannedBefore(db: DatabaseSync, job: string): readonly number[] {
  return db
    .prepare(
      `SELECT max(planned) AS planned FROM job_run WHERE job = ? AND complete = 1 AND planned > 0
       GROUP BY run_id ORDER BY max(ended_at) DESC, run_id DESC LIMIT ?`,
    )
    .all(job, GROWTH_RUNS)
    .map((row) => Number(row['planned']));
}

function rowOf(
  db: DatabaseSync,
  sql: string,
  ...values: readonly string[]
): Readonly<Record<string, unknown>> {
  return db.prepare(sql).get(...values) ?? {};
}
