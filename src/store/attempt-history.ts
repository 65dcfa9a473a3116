import type { DatabaseSync } from 'node:sqlite';
import type { AttemptHistory } from '../types.ts';

export const NO_HISTORY: AttemptHistory = {
  attempts: 0,
  mayBeApplied: false,
  firstSentAt: null,
  lastStatus: null,
  lastDetail: '',
  lastEndedAt: null,
};

/**
 * What the attempts of the rows from `first` to `last` that have no final outcome left behind, as a look-up by row. Between
 * two of them there may be a million others.
 */
export function readHistory(db: DatabaseSync, first: number, last: number): (row: number) => AttemptHistory {
  const attempts = db
    .prepare(
      `SELECT a.row, a.at AS sentAt, b.at AS endedAt, b.applied, b.status, b.detail
       FROM attempt a LEFT JOIN answer b ON b.row = a.row AND b.n = a.n
       WHERE a.row BETWEEN ? AND ? AND NOT EXISTS (SELECT 1 FROM outcome o WHERE o.row = a.row)
       ORDER BY a.row, a.n`,
    )
    .iterate(first, last);
  const histories = new Map<number, AttemptHistory>();
  for (const attempt of attempts) {
    const row = Number(attempt['row']);
    histories.set(row, withAttempt(histories.get(row) ?? NO_HISTORY, attempt));
  }
  return (row) => histories.get(row) ?? NO_HISTORY;
}

function withAttempt(history: AttemptHistory, attempt: Readonly<Record<string, unknown>>): AttemptHistory {
  const { endedAt, applied, status } = attempt;
  // No recorded end: the process died, or the request is under way. It may have been applied.
  const mayBeApplied = endedAt === null || applied !== 'no';
  return {
    attempts: history.attempts + 1,
    mayBeApplied: history.mayBeApplied || mayBeApplied,
    firstSentAt: history.firstSentAt ?? Number(attempt['sentAt']),
    lastStatus: typeof status === 'number' ? status : null,
    lastDetail: endedAt === null ? '' : String(attempt['detail']),
    lastEndedAt: endedAt === null ? null : Number(endedAt),
  };
}
