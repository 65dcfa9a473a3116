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
