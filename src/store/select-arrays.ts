import type { DatabaseSync, SQLInputValue, SQLOutputValue } from 'node:sqlite';

/** The columns of a row, in the order of the SELECT. */
export type Columns = readonly SQLOutputValue[];

/** Prepares a SELECT whose rows come as arrays: a third cheaper than as objects, which counts where there are millions. */
export function selectArrays(
  db: DatabaseSync,
  sql: string,
): (...parameters: readonly SQLInputValue[]) => readonly Columns[] {
  const statement = db.prepare(sql);
  statement.setReturnArrays(true);
  // oxlint-disable-next-line no-unsafe-type-assertion -- the types of Node know rows as objects only
  return (...parameters) => statement.all(...parameters) as unknown as readonly Columns[];
}

const ROWS_A_PAGE = 1_000;

/**
 * The rows of a query that begins with `SELECT row` and ends in `row > ? ORDER BY row LIMIT ?`, in pages, read as the
 * caller consumes them: one by one they cost more, and all at once memory.
 */
export function* pagesByRow(db: DatabaseSync, sql: string): Iterable<readonly Columns[]> {
  const readPage = selectArrays(db, sql);
  let after = -1;
  for (;;) {
    const page = readPage(after, ROWS_A_PAGE);
    yield page;
    if (page.length < ROWS_A_PAGE) return;
    after = Number(page.at(-1)?.[0]);
  }
}
