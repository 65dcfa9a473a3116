import { renderTable, type Column } from './table.ts';

/** A column of a table that has a shorter form. */
export interface FittingColumn<Row> extends Column {
  readonly cell: (row: Row) => string;
  /** What it shows where the table is too wide for the terminal; `null`: the column is left out. */
  readonly short: ((row: Row) => string) | null;
}

export function fittingColumn<Row>(title: string, cell: (row: Row) => string): FittingColumn<Row> {
  return { title, cell, short: cell };
}

export function numberColumn<Row>(title: string, cell: (row: Row) => string): FittingColumn<Row> {
  return { ...fittingColumn(title, cell), align: 'right' };
}

/** The rows as a table; in its short form where a line of it is longer than `width`. */
export function renderFitting<Row>(
  columns: readonly FittingColumn<Row>[],
  rows: readonly Row[],
  width: number,
): string {
  const whole = renderTable(
    columns,
    rows.map((row) => columns.map(({ cell }) => cell(row))),
  );
  if (whole.split('\n').every((line) => line.length <= width)) return whole;
  const shown = columns.filter(({ short }) => short !== null);
  return renderTable(
    shown,
    rows.map((row) => shown.map(({ short }) => short?.(row) ?? '')),
  );
}
