import type { DatabaseSync } from 'node:sqlite';
import type { PlanPreview, PreviewRow, SkippedRow } from '../library.ts';
import type { PlanCounts } from '../ports.ts';
import {
  KINDS,
  MODES,
  SKIP_REASONS,
  type PlannedDeletion,
  type SkipReason,
  type SourceSummary,
} from '../types.ts';
import { oneOf } from './columns.ts';
import { MANIFEST_ORDER } from './run-schema.ts';

/** The planned deletions in plan order, read as the caller consumes them. */
export function* plannedRows(db: DatabaseSync): Iterable<PlannedDeletion> {
  const rows = db.prepare('SELECT row, kind, id, mode FROM entry WHERE skip IS NULL ORDER BY row').iterate();
  for (const row of rows) yield plannedDeletion(row);
}

/** A planned deletion from a row that has at least the columns row, kind, id and mode. */
export function plannedDeletion(row: Readonly<Record<string, unknown>>): PlannedDeletion {
  return {
    row: Number(row['row']),
    kind: oneOf(KINDS, row['kind']),
    id: String(row['id']),
    mode: oneOf(MODES, row['mode']),
  };
}

/** How many entries are planned, by kind and mode, and how many are skipped, by reason. */
export function countEntries(db: DatabaseSync): PlanCounts {
  const byKindAndMode = db
    .prepare(
      `SELECT kind, mode, count(*) AS count FROM entry WHERE skip IS NULL
       GROUP BY kind, mode ORDER BY kind DESC, mode DESC`,
    )
    .all()
    .map((row) => ({
      kind: oneOf(KINDS, row['kind']),
      mode: oneOf(MODES, row['mode']),
      count: Number(row['count']),
    }));
  return {
    planned: byKindAndMode.reduce((sum, { count }) => sum + count, 0),
    byKindAndMode,
    skipped: skippedCounts(db),
  };
}

/** How many entries are skipped, by reason; every reason is named. */
export function skippedCounts(db: DatabaseSync): Record<SkipReason, number> {
  const skipped: Record<SkipReason, number> = { held: 0, deleted_before: 0, invalid: 0 };
  const rows = db
    .prepare('SELECT skip, count(*) AS count FROM entry WHERE skip IS NOT NULL GROUP BY skip')
    .all();
  for (const row of rows) skipped[oneOf(SKIP_REASONS, row['skip'])] = Number(row['count']);
  return skipped;
}

export function setMeta(db: DatabaseSync, name: string, value: string): void {
  db.prepare('INSERT OR REPLACE INTO meta VALUES (?, ?)').run(name, value);
}

/** A value kept beside the plan, or `undefined`. */
export function getMeta(db: DatabaseSync, name: string): string | undefined {
  const value = db.prepare('SELECT value FROM meta WHERE name = ?').get(name)?.['value'];
  return typeof value === 'string' ? value : undefined;
}

/** The first and last planned deletions, without overlap, and the first skipped entries; at most `count` of each. */
export function previewOf(db: DatabaseSync, sources: readonly SourceSummary[], count: number): PlanPreview {
  const select = (order: string): PreviewRow[] =>
    db
      .prepare(`SELECT * FROM entry WHERE skip IS NULL ORDER BY row ${order} LIMIT ?`)
      .all(count)
      .map((row) => previewRow(row, sources));
  const first = select('ASC');
  const firstRows = new Set(first.map(({ row }) => row));
  const last = select('DESC').filter(({ row }) => !firstRows.has(row));
  const skipped = db
    .prepare(`SELECT * FROM entry WHERE skip IS NOT NULL ORDER BY ${MANIFEST_ORDER} LIMIT ?`)
    .all(count)
    .map((row) => skippedRow(row, sources));
  return { first, last: last.toReversed(), skipped };
}

function previewRow(row: Readonly<Record<string, unknown>>, sources: readonly SourceSummary[]): PreviewRow {
  return {
    ...plannedDeletion(row),
    manifest: sources[Number(row['source'])]?.path ?? '',
    line: Number(row['line']),
    reason: String(row['reason']),
    ticket: String(row['ticket']),
    resolution: String(row['detail']),
  };
}

function skippedRow(row: Readonly<Record<string, unknown>>, sources: readonly SourceSummary[]): SkippedRow {
  return {
    kind: String(row['kind']),
    id: String(row['id']),
    manifest: sources[Number(row['source'])]?.path ?? '',
    line: Number(row['line']),
    why: oneOf(SKIP_REASONS, row['skip']),
    detail: String(row['detail']),
  };
}
