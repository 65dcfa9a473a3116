import type { DatabaseSync } from 'node:sqlite';
import { PurgeError } from '../errors.ts';
import { KINDS, OUTCOMES, SKIP_REASONS, type Kind, type Outcome, type SkipReason } from '../types.ts';
import { takeOver, withRunAttached } from './absorb-runs.ts';
import { numberOrNull, oneOf, textOrNull } from './columns.ts';
import { writingLedger } from './ledger-file.ts';
import { numberFrom } from './open-database.ts';
import type { RunFile } from './run-file.ts';

/**
 * Makes the ledger the memory of a run whose folder is to go: what it deleted, what it planned and held, and its place
 * in the history of its job, durably and in one transaction. Entries that were skipped because an earlier run had
 * deleted them are left out: that run knows them. Throws a `storage` PurgeError when the run cannot be kept whole.
 */
export function keepPrunedRun(db: DatabaseSync, run: RunFile, prunedAt: number): void {
  const { runId, target, job, createdAt, planned } = run.header;
  const wasApplied = run.lives() > 0;
  writingLedger(() =>
    withRunAttached(db, run, () => {
      db.prepare('DELETE FROM pruned_entry WHERE run = (SELECT n FROM pruned_run WHERE run_id = ?)').run(
        runId,
      );
      db.prepare('DELETE FROM pruned_run WHERE run_id = ?').run(runId);
      const { lastInsertRowid } = db
        .prepare(
          `INSERT INTO pruned_run (run_id, origin, job, planned_at, applied, pruned_at) VALUES (?, ?, ?, ?, ?, ?)`,
        )
        .run(runId, target.baseUrl, job ?? null, createdAt, wasApplied ? 1 : 0, prunedAt);
      db.prepare(
        `INSERT INTO pruned_entry
         SELECT e.id, ?, e.kind, e.mode, e.skip, o.outcome, o.finished_at
         FROM run.entry e LEFT JOIN run.outcome o ON o.row = e.row
         WHERE e.skip IS NULL OR e.skip = 'held' ORDER BY e.id`,
      ).run(lastInsertRowid);
      if (wasApplied) takeOver(db, run);
      const kept = numberFrom(
        db.prepare('SELECT count(*) FROM pruned_entry WHERE run = ? AND skip IS NULL'),
        Number(lastInsertRowid),
      );
      if (kept === planned) return;
      throw new PurgeError('storage', `The run file of ${runId} holds ${kept} of ${planned} deletions.`, {
        next: 'the run folder stays; restore it from a backup',
      });
    }),
  );
}

/** What the ledger knows of an ID and a run whose folder is gone. */
export interface PrunedEntry {
  readonly runId: string;
  readonly baseUrl: string;
  readonly job: string | null;
  /** ISO 8601; `null`: nobody pruned the run, its folder is just not there. */
  readonly plannedAt: string | null;
  readonly wasApplied: boolean;
  readonly kind: string;
  readonly mode: string;
  readonly skip: SkipReason | null;
  readonly outcome: Outcome | null;
  readonly finishedAt: number | null;
}

/**
 * What the ledger knows of an ID: of every pruned run that planned or held it, and of the last run that deleted it in
 * each mode, wherever its folder may be.
 */
export function findInLedger(db: DatabaseSync, id: string, kind: Kind | undefined): PrunedEntry[] {
  const kinds = kind === undefined ? KINDS : [kind];
  const pruned = db
    .prepare(
      `SELECT r.run_id, r.origin, r.job, r.planned_at, r.applied, e.kind, e.mode, e.skip, e.outcome, e.finished_at
       FROM pruned_entry e JOIN pruned_run r ON r.n = e.run WHERE e.id = ? ORDER BY r.run_id DESC`,
    )
    .all(id);
  const deleted = kinds.flatMap((each) => db.prepare(DELETIONS).all(each, id));
  return [...pruned.filter((row) => kinds.some((each) => each === row['kind'])), ...deleted].map(prunedEntry);
}

/** One look-up for each base URL: there is no index by ID alone, and there are few of them. */
const DELETIONS = `
  WITH RECURSIVE known (origin) AS (
    SELECT min(origin) FROM deletion
    UNION ALL
    SELECT (SELECT min(origin) FROM deletion d WHERE d.origin > known.origin) FROM known WHERE origin IS NOT NULL
  )
  SELECT d.run_id, d.origin, NULL AS job, NULL AS planned_at, 1 AS applied, d.kind, d.mode, NULL AS skip, d.outcome,
         d.at AS finished_at
  FROM known CROSS JOIN deletion d ON d.origin = known.origin AND d.kind = ? AND d.id = ?`;

function prunedEntry(row: Readonly<Record<string, unknown>>): PrunedEntry {
  return {
    runId: String(row['run_id']),
    baseUrl: String(row['origin']),
    job: textOrNull(row['job']),
    plannedAt: textOrNull(row['planned_at']),
    wasApplied: row['applied'] === 1,
    kind: String(row['kind']),
    mode: String(row['mode']),
    skip: row['skip'] === null ? null : oneOf(SKIP_REASONS, row['skip']),
    outcome: row['outcome'] === null ? null : oneOf(OUTCOMES, row['outcome']),
    finishedAt: numberOrNull(row['finished_at']),
  };
}
