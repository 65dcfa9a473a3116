import type { DatabaseSync } from 'node:sqlite';
import type {
  LifeEnd,
  PlannedPiece,
  RecordedDeletion,
  RunRecord,
  RunTotals,
  SkippedEntry,
} from '../ports.ts';
import {
  KINDS,
  MODES,
  OUTCOMES,
  SKIP_REASONS,
  STOP_REASONS,
  type AttemptHistory,
  type ExecutionSettings,
  type FinalOutcome,
  type Outcome,
  type PlanHeader,
  type SourceSummary,
} from '../types.ts';
import { NO_HISTORY, readHistory } from './attempt-history.ts';
import { numberOrNull, oneOf, parseOwn, textOrNull } from './columns.ts';
import { numberFrom } from './open-database.ts';
import { plannedPieces, skippedCounts } from './run-entries.ts';
import { MANIFEST_ORDER } from './run-schema.ts';
import { pagesByRow, type Columns } from './select-arrays.ts';

type Row = Readonly<Record<string, unknown>>;

/** What a run file holds, for reports; `db` must stay open while it is read. */
export function readRecord(db: DatabaseSync, header: PlanHeader): RunRecord {
  const lives = db.prepare('SELECT * FROM life ORDER BY n').all();
  const last = lives.at(-1);
  const keyFingerprint = last === undefined ? header.target.keyFingerprint : String(last['key_fingerprint']);
  return {
    runId: header.runId,
    header,
    target: { baseUrl: header.target.baseUrl, keyFingerprint },
    settings: last === undefined ? header.settings : parseOwn<ExecutionSettings>(last['settings']),
    startedAt: lives[0] === undefined ? null : Number(lives[0]['started_at']),
    lastLife:
      last === undefined
        ? null
        : {
            startedAt: Number(last['started_at']),
            trigger: textOrNull(last['trigger']),
            reason: textOrNull(last['reason']),
            end: lifeEnd(last),
          },
    deletions: () => recordedDeletions(db),
    skipped: () => skippedEntries(db),
    totals: () => totals(db),
  };
}

/** What plan.csv is made of: the entries of a plan, whether it was carried out since or not. */
export function planOf(
  db: DatabaseSync,
  sources: readonly SourceSummary[],
): Pick<RunRecord, 'skipped'> & {
  readonly header: { readonly sources: readonly SourceSummary[] };
  pieces(): Iterable<PlannedPiece>;
} {
  return { header: { sources }, pieces: () => plannedPieces(db), skipped: () => skippedEntries(db) };
}

/** Each page is read with the attempts of those of its rows that have no final outcome. */
function* recordedDeletions(db: DatabaseSync): Iterable<RecordedDeletion> {
  const pages = pagesByRow(
    db,
    `SELECT e.row, e.kind, e.id, e.mode, e.source, e.line, e.reason, e.ticket,
            o.outcome, o.detail, o.status, o.attempts, o.first_sent_at, o.finished_at
     FROM entry e LEFT JOIN outcome o ON o.row = e.row
     WHERE e.skip IS NULL AND e.row > ? ORDER BY e.row LIMIT ?`,
  );
  for (const page of pages) {
    const open = page.filter((columns) => columns[OUTCOME] === null).map(([row]) => Number(row));
    const historyOf = open.length === 0 ? () => NO_HISTORY : readHistory(db, open[0] ?? 0, open.at(-1) ?? 0);
    for (const columns of page) yield recordedDeletion(columns, historyOf);
  }
}

/** Place of the outcome among the columns of a recorded deletion. */
const OUTCOME = 8;

function recordedDeletion(columns: Columns, historyOf: (row: number) => AttemptHistory): RecordedDeletion {
  const row = Number(columns[0]);
  const final = columns[OUTCOME] === null ? null : finalOutcome(columns);
  return {
    row,
    kind: oneOf(KINDS, columns[1]),
    id: String(columns[2]),
    mode: oneOf(MODES, columns[3]),
    source: Number(columns[4]),
    line: Number(columns[5]),
    reason: String(columns[6]),
    ticket: String(columns[7]),
    final,
    history: final === null ? historyOf(row) : finalHistory(columns, final),
  };
}

function finalOutcome(columns: Columns): FinalOutcome {
  return {
    outcome: oneOf(OUTCOMES, columns[OUTCOME]),
    detail: String(columns[9]),
    status: numberOrNull(columns[10]),
    finishedAt: Number(columns[13]),
  };
}

/** What `outcome` keeps of a row's attempts. The final outcome says already what they may have done. */
function finalHistory(columns: Columns, final: FinalOutcome): AttemptHistory {
  return {
    attempts: Number(columns[11]),
    mayBeApplied: false,
    firstSentAt: numberOrNull(columns[12]),
    lastStatus: final.status,
    lastDetail: final.detail,
    lastEndedAt: final.finishedAt,
  };
}

function* skippedEntries(db: DatabaseSync): Iterable<SkippedEntry> {
  const rows = db.prepare(`SELECT * FROM entry WHERE skip IS NOT NULL ORDER BY ${MANIFEST_ORDER}`).iterate();
  for (const row of rows) {
    yield {
      kind: String(row['kind']),
      id: String(row['id']),
      mode: String(row['mode']),
      source: Number(row['source']),
      line: Number(row['line']),
      reason: String(row['reason']),
      ticket: String(row['ticket']),
      why: oneOf(SKIP_REASONS, row['skip']),
      detail: String(row['detail']),
    };
  }
}

/** Final outcomes whose own attempt was answered with 429; one that was held later has that answer recorded. */
const LAST_ANSWER_429 = `outcome o WHERE o.status = 429 AND NOT EXISTS
  (SELECT 1 FROM answer b WHERE b.row = o.row AND b.n = o.attempts)`;

function totals(db: DatabaseSync): RunTotals {
  const count = (sql: string): number => numberFrom(db.prepare(`SELECT count(*) FROM ${sql}`));
  const planned = count('entry WHERE skip IS NULL');
  const counts: Record<Outcome, number> = {
    deleted: 0,
    deleted_inferred: 0,
    not_found: 0,
    rejected: 0,
    failed: 0,
    unknown: 0,
    held: 0,
    not_attempted: 0,
  };
  let finished = 0;
  for (const row of db.prepare('SELECT outcome, count(*) AS count FROM outcome GROUP BY outcome').all()) {
    counts[oneOf(OUTCOMES, row['outcome'])] = Number(row['count']);
    finished += Number(row['count']);
  }
  const pending = planned - finished;
  const maybeApplied = pending === 0 ? 0 : countMaybeApplied(db);
  counts.unknown += maybeApplied;
  counts.not_attempted += pending - maybeApplied;
  const requests = count('attempt');
  return {
    planned,
    pending,
    counts,
    skipped: skippedCounts(db),
    requests,
    retries: count('attempt WHERE n > 1'),
    rateLimited: count('answer WHERE status = 429') + count(LAST_ANSWER_429),
  };
}

/** Planned deletions without a final outcome that an attempt may have deleted. */
function countMaybeApplied(db: DatabaseSync): number {
  return numberFrom(
    db.prepare(
      `SELECT count(DISTINCT a.row) FROM attempt a
       LEFT JOIN outcome o ON o.row = a.row LEFT JOIN answer b ON b.row = a.row AND b.n = a.n
       WHERE o.row IS NULL AND b.applied IS NOT 'no'`,
    ),
  );
}

function lifeEnd(life: Row): LifeEnd | null {
  if (life['ended_at'] === null) return null;
  return {
    endedAt: Number(life['ended_at']),
    exitCode: Number(life['exit_code']),
    stopReason: life['stop_reason'] === null ? null : oneOf(STOP_REASONS, life['stop_reason']),
    stopDetail: typeof life['stop_detail'] === 'string' ? life['stop_detail'] : '',
    notBefore: numberOrNull(life['not_before']),
  };
}
