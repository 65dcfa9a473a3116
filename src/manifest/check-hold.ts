import { isSafeId } from '../ids.ts';
import type { Kind } from '../types.ts';
import { kindOf, textProblem, trimSpaces } from './check-values.ts';
import type { ColumnOf, RawRecord, RowProblem } from './raw-record.ts';

/** One hold. `kind` undefined holds both kinds; `untilMs` is the last millisecond it holds, Infinity for ever. */
export interface HoldRow {
  readonly id: string;
  readonly kind: Kind | undefined;
  readonly untilMs: number;
  readonly reason: string;
}

/** A row of a hold file: either a hold or what is wrong with it. */
export interface CheckedHold {
  readonly line: number;
  readonly hold: HoldRow | undefined;
  readonly problem: RowProblem | undefined;
}

/** A hold from what the file says. IDs pass the hard gate only: a hold need not say a kind, so it has no shape. */
export function checkHold(record: RawRecord, columnOf: ColumnOf): CheckedHold {
  const { line, id, reason } = record;
  const wrong = (problem: RowProblem): CheckedHold => ({ line, hold: undefined, problem });
  if (record.problem !== undefined) return wrong(record.problem);
  const kind = kindOf(record, columnOf);
  if (typeof kind === 'object') return wrong(kind);
  if (!isSafeId(id)) {
    const problem =
      id === '' ? 'id is empty; expected an ID' : 'is not an ID; expected 4 to 64 of A-Z a-z 0-9 _ -';
    return wrong({ column: columnOf('id'), value: id, problem });
  }
  const until = trimSpaces(record.until);
  const untilMs = until === '' ? Infinity : lastMsOf(until);
  if (untilMs === undefined) {
    const problem = 'is no day and no time; expected 2026-12-31 or 2026-12-31T18:00:00Z (with its zone)';
    return wrong({ column: columnOf('until'), value: record.until, problem });
  }
  const wrongText = textProblem(record, columnOf);
  if (wrongText !== undefined) return wrong(wrongText);
  return { line, hold: { id, kind, untilMs, reason }, problem: undefined };
}

const DAY_MS = 24 * 60 * 60 * 1000;
const DAY = /^\d{4}-\d{2}-\d{2}$/;
/** RFC 3339 date-time; the zone is needed. */
const TIME =
  /^(\d{4}-\d{2}-\d{2})[Tt]([01]\d|2[0-3]):[0-5]\d:[0-5]\d(\.\d{1,9})?([Zz]|[+-]([01]\d|2[0-3]):[0-5]\d)$/;

/** The last millisecond of a day (UTC) or the moment of an RFC 3339 time; `undefined` when it is neither or no real date. */
function lastMsOf(until: string): number | undefined {
  if (DAY.test(until)) {
    const start = startOfDay(until);
    return start === undefined ? undefined : start + DAY_MS - 1;
  }
  const day = TIME.exec(until)?.[1];
  if (day === undefined || startOfDay(day) === undefined) return undefined;
  return Date.parse(until.toUpperCase());
}

/** Midnight UTC of a day that exists: 30 February does not, although Date would make it 2 March. */
function startOfDay(day: string): number | undefined {
  const start = Date.parse(`${day}T00:00:00Z`);
  if (Number.isNaN(start) || !new Date(start).toISOString().startsWith(day)) return undefined;
  return start;
}
