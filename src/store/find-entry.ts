import type { DatabaseSync } from 'node:sqlite';
import { OUTCOMES, SKIP_REASONS, type Kind, type Outcome, type SkipReason } from '../types.ts';
import { readHistory } from './attempt-history.ts';
import { numberOrNull, oneOf, textOrNull } from './columns.ts';

/** What one run knows of an ID. */
export interface FoundEntry {
  readonly kind: string;
  readonly mode: string;
  /** Why it was not planned; `null`: it was. */
  readonly skip: SkipReason | null;
  /** What became of it, or as a report at this moment would say it; `null` for what was not planned. */
  readonly outcome: Outcome | null;
  /** Whether that can change no more. */
  readonly isFinal: boolean;
  readonly detail: string;
  readonly finishedAt: number | null;
  /** Index into the run's sources. */
  readonly source: number;
  readonly line: number;
  readonly reason: string;
  readonly ticket: string;
}

/** The entry of this ID in a run file, found by its index; an ID stands in a run once. Invalid rows are not looked through. */
export function findEntry(db: DatabaseSync, id: string, kind: Kind | undefined): FoundEntry | undefined {
  const row = db
    .prepare(
      `SELECT e.*, o.outcome, o.detail AS said, o.finished_at FROM entry e LEFT JOIN outcome o ON o.row = e.row
       WHERE e.id = ? AND e.skip IS NOT 'invalid'`,
    )
    .get(id);
  if (row === undefined || (kind !== undefined && row['kind'] !== kind)) return undefined;
  const skip = row['skip'] === null ? null : oneOf(SKIP_REASONS, row['skip']);
  const said = textOrNull(row['said']);
  const isFinal = skip !== null || said !== null;
  const place = Number(row['row']);
  const open = isFinal ? null : readHistory(db, place, place)(place);
  return {
    kind: String(row['kind']),
    mode: String(row['mode']),
    skip,
    outcome: open === null ? outcomeOf(row['outcome']) : open.mayBeApplied ? 'unknown' : 'not_attempted',
    isFinal,
    detail: said ?? open?.lastDetail ?? String(row['detail']),
    finishedAt: numberOrNull(row['finished_at']),
    source: Number(row['source']),
    line: Number(row['line']),
    reason: String(row['reason']),
    ticket: String(row['ticket']),
  };
}

function outcomeOf(value: unknown): Outcome | null {
  return value === null ? null : oneOf(OUTCOMES, value);
}
