import type { DatabaseSync } from 'node:sqlite';
import type { PlanCounts, PlannedLines } from '../ports.ts';
import { KINDS, MODES } from '../types.ts';
import { rangesOfRows, selectArrays } from './select-arrays.ts';

/** So many row numbers are read at a time: enough to cost little, few enough for flat memory. */
const RANGE = 4_000;

/**
 * The lines of all planned deletions in plan order. SQLite puts them together itself, which takes a fifth of the time that
 * reading the rows does: whoever resumes a run of a million rows waits for it.
 */
export function* plannedLines(db: DatabaseSync): Iterable<PlannedLines> {
  // In another order they would be another planId.
  const linesOf = selectArrays(
    db,
    `SELECT group_concat(mode || '\t' || kind || '\t' || id || '\n', ''), count(*)
     FROM entry NOT INDEXED WHERE skip IS NULL AND row BETWEEN ? AND ?`,
  );
  // From the very first: what somebody put before all others is nothing that was approved.
  for (const range of rangesOfRows(db, { after: Number.MIN_SAFE_INTEGER, size: RANGE })) {
    const [text, rows] = linesOf(...range)[0] ?? [];
    if (typeof text === 'string') yield { text, rows: Number(rows) };
  }
}

/** Adds up how many deletions of each kind and mode are planned, from all their lines. */
export class PlannedCounter {
  readonly #counts = KINDS.flatMap((kind) =>
    MODES.map((mode) => ({ kind, mode, start: `${mode}\t${kind}\t`, count: 0 })),
  );
  #planned = 0;

  add({ text, rows }: PlannedLines): void {
    this.#planned += rows;
    let left = rows;
    for (const each of this.#counts) {
      if (left === 0) return;
      const found = countOf(`\n${each.start}`, text) + (text.startsWith(each.start) ? 1 : 0);
      each.count += found;
      left -= found;
    }
  }

  get counts(): Pick<PlanCounts, 'planned' | 'byKindAndMode'> {
    const some = this.#counts.filter(({ count }) => count > 0);
    return {
      planned: this.#planned,
      byKindAndMode: some.map(({ kind, mode, count }) => ({ kind, mode, count })),
    };
  }
}

function countOf(part: string, text: string): number {
  let count = 0;
  for (let at = text.indexOf(part); at !== -1; at = text.indexOf(part, at + part.length)) count += 1;
  return count;
}
