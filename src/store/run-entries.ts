import type { DatabaseSync } from 'node:sqlite';
import type { PlanPreview, PreviewRow, SkippedRow } from '../library.ts';
import { PurgeError } from '../errors.ts';
import type { PlanCounts, PlannedEntry, PlannedPiece } from '../ports.ts';
import {
  KINDS,
  MODES,
  SKIP_REASONS,
  type PlannedDeletion,
  type SkipReason,
  type SourceSummary,
} from '../types.ts';
import { oneOf } from './columns.ts';
import { MANIFEST_ORDER, RUN_FORMAT } from './run-schema.ts';
import { pagesByRow, rangesOfRows, selectArrays, type Columns } from './select-arrays.ts';

/** The planned deletions in plan order, a page read when the caller comes to it. */
export function* plannedPages(db: DatabaseSync): Iterable<readonly PlannedDeletion[]> {
  const pages = pagesByRow(
    db,
    'SELECT row, kind, id, mode FROM entry WHERE skip IS NULL AND row > ? ORDER BY row LIMIT ?',
  );
  for (const page of pages) yield page.map(plannedDeletion);
}

/** So many row numbers are read at a time. */
const PIECE_ROWS = 1_000;

/** The planned deletions with what the manifests said of them, in plan order, read as the caller consumes them. */
export function* plannedPieces(db: DatabaseSync): Iterable<PlannedPiece> {
  const some = 'FROM entry NOT INDEXED WHERE skip IS NULL AND row BETWEEN ? AND ?';
  const amountOf = selectArrays(db, `SELECT count(*), min(source), max(source) ${some}`);
  // `concat_ws` leaves NULL out; none of these columns can be.
  const joinedOf = selectArrays(
    db,
    `SELECT group_concat(concat_ws(',', kind, id, mode, ?, detail, ?, line, reason, ticket || char(10)), '') ${some}`,
  );
  const rowsOf = selectArrays(
    db,
    `SELECT kind, id, mode, source, line, reason, ticket, detail ${some} ORDER BY row`,
  );
  // The rows that are carried out: one that somebody put before all others is none of them.
  for (const range of rangesOfRows(db, { after: -1, size: PIECE_ROWS })) {
    const [rows, source, lastSource] = amountOf(...range)[0] ?? [];
    if (rows === 0) continue;
    yield {
      rows: Number(rows),
      source: source === lastSource ? Number(source) : null,
      joined: (outcome, manifest) => String(joinedOf(outcome, manifest, ...range)[0]?.[0]),
      entries: () => rowsOf(...range).map(plannedEntry),
    };
  }
}

function plannedEntry([kind, id, mode, source, line, reason, ticket, note]: Columns): PlannedEntry {
  return {
    kind: oneOf(KINDS, kind),
    id: String(id),
    mode: oneOf(MODES, mode),
    source: Number(source),
    line: Number(line),
    reason: String(reason),
    ticket: String(ticket),
    note: String(note),
  };
}

/** A planned deletion from columns that begin with row, kind, id and mode. */
export function plannedDeletion([row, kind, id, mode]: readonly unknown[]): PlannedDeletion {
  return { row: Number(row), kind: oneOf(KINDS, kind), id: String(id), mode: oneOf(MODES, mode) };
}

/** How many entries are planned, by kind and mode, and how many are skipped, by reason. */
export function countEntries(db: DatabaseSync): PlanCounts {
  const pairs = KINDS.flatMap((kind) => MODES.map((mode) => ({ kind, mode })));
  // Grouping would sort all of them.
  const columns = pairs.map(
    ({ kind, mode }) => `count(*) FILTER (WHERE kind = '${kind}' AND mode = '${mode}')`,
  );
  const [counted = []] = selectArrays(
    db,
    `SELECT count(*), ${columns.join(', ')} FROM entry WHERE skip IS NULL`,
  )();
  const planned = Number(counted[0]);
  const byKindAndMode = pairs
    .map((pair, index) => ({ ...pair, count: Number(counted[index + 1]) }))
    .filter(({ count }) => count > 0);
  const known = byKindAndMode.reduce((sum, { count }) => sum + count, 0);
  if (known !== planned) {
    throw new PurgeError(
      'storage',
      `The ${RUN_FORMAT.name} is damaged: ${planned} deletions are planned, but only ${known} of a kind and mode that there are.`,
      { next: RUN_FORMAT.cure },
    );
  }
  return { planned: known, byKindAndMode, skipped: skippedCounts(db) };
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

/** The manifest of an entry, as the operator named it; empty when the run file names one that it does not have. */
export function sourcePath(sources: readonly Pick<SourceSummary, 'path'>[], source: number): string {
  return sources[source]?.path ?? '';
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
    ...plannedDeletion([row['row'], row['kind'], row['id'], row['mode']]),
    manifest: sourcePath(sources, Number(row['source'])),
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
    manifest: sourcePath(sources, Number(row['source'])),
    line: Number(row['line']),
    why: oneOf(SKIP_REASONS, row['skip']),
    detail: String(row['detail']),
  };
}
