import { join } from 'node:path';
import type { PreviewRow, SavedPlan } from '../library.ts';
import { printable } from '../printable.ts';
import { PLAN_CSV } from '../store/run-folders.ts';
import type { PlanHeader } from '../types.ts';
import { formatDuration } from '../durations.ts';
import { counted, formatCount, inWords } from '../numbers.ts';
import { formatRate } from '../rates.ts';
import { renderFacts, renderTable } from './table.ts';
import type { Paint } from './terminal.ts';

const PREVIEW_COLUMNS = [
  { title: 'kind' },
  { title: 'id' },
  { title: 'mode' },
  { title: 'manifest' },
  { title: 'line', align: 'right' },
  { title: 'reason' },
] as const;

const SKIPPED_SHOWN = 3;

/** A saved plan for a person: what would be deleted, what is left out and why, and how long it takes. */
export function renderPlan(plan: SavedPlan, paint: Paint): string {
  const { header, preview } = plan;
  const shown = preview.first.length + preview.last.length;
  const between = header.planned - shown;
  return [
    renderPlanSummary(header, paint),
    shown === 0
      ? ''
      : renderTable(PREVIEW_COLUMNS, [
          ...preview.first.map(previewCells),
          ...(between > 0 ? [[`… ${formatCount(between)} more`]] : []),
          ...preview.last.map(previewCells),
        ]),
    renderSkipped(plan),
  ]
    .filter((part) => part !== '')
    .join('\n\n');
}

/** The plan without its rows: what somebody needs to see before they confirm it. */
export function renderPlanSummary(header: PlanHeader, paint: Paint): string {
  const amounts = header.counts.map(
    ({ kind, mode, count }) => [counted(count, kind), mode === 'hard' ? paint('red', 'hard') : mode] as const,
  );
  const skipped = Object.entries(header.skipped).filter(([, count]) => count > 0);
  const parts = [
    paint(
      'bold',
      `Plan ${header.runId}: ${counted(header.planned, 'deletion')} at ${printable(header.target.baseUrl)}`,
    ),
    renderFacts([
      ...amounts.map(([amount, mode]) => ['delete', `${amount}, ${mode}`] as const),
      ...skipped.map(
        ([why, count]) => ['skip', `${formatCount(count)} ${inWords(why)} (see plan.csv)`] as const,
      ),
      ...(header.duplicates > 0 ? [['duplicates', formatCount(header.duplicates)] as const] : []),
      ...header.sources.map(
        (source) =>
          ['manifest', `${printable(source.path)}, ${counted(source.entries, 'entry', 'entries')}`] as const,
      ),
      ...header.holds.map(
        (hold) =>
          ['hold file', `${printable(hold.path)}, ${counted(hold.entries, 'entry', 'entries')}`] as const,
      ),
      ['plan ID', header.planId],
      ['key', header.target.keyFingerprint ?? 'none yet; the plan is bound to a key when it is applied'],
      [
        'estimate',
        `${counted(header.estimate.requests, 'request')}, about ${formatDuration(header.estimate.durationMs)} at ${formatRate(header.settings.rate)}`,
      ],
    ]),
    ...header.warnings.map((warning) => `${paint('yellow', 'warning:')} ${printable(warning, 1000)}`),
    ...header.refused.map((why) => `${paint('red', 'refused:')} ${printable(why, 1000)}`),
  ];
  return parts.join('\n');
}

/** The first skipped entries with why each is, and where all of them stand. */
function renderSkipped({ header, folder, preview }: SavedPlan): string {
  const all = Object.values(header.skipped).reduce((sum, count) => sum + count, 0);
  const shown = preview.skipped.slice(0, SKIPPED_SHOWN);
  if (shown.length === 0) return '';
  return [
    'skipped:',
    ...shown.map(({ kind, id, manifest, line, why, detail }) => {
      const place = `${printable(manifest)}:${line}`;
      const reason = detail === '' ? inWords(why) : `${inWords(why)}: ${printable(detail, 300)}`;
      return `  ${place}  ${printable(`${kind} ${id}`.trim())}  ${reason}`;
    }),
    ...(all > shown.length ? [`  … ${formatCount(all - shown.length)} more`] : []),
    `  all are listed in ${printable(join(folder, PLAN_CSV), 1000)}`,
  ].join('\n');
}

/** How many planned deletions are hard. */
export function hardCount(header: PlanHeader): number {
  return header.counts.reduce((sum, each) => (each.mode === 'hard' ? sum + each.count : sum), 0);
}

function previewCells(row: PreviewRow): readonly string[] {
  const note = [row.resolution, row.reason].filter((text) => text !== '').join('; ');
  return [row.kind, row.id, row.mode, row.manifest, String(row.line), note];
}
