import type { RunEnd, RunFiles, RunInfo } from '../library.ts';
import { printable } from '../printable.ts';
import { OUTCOMES, type Outcome, type Summary } from '../types.ts';
import { counted, formatCount, inWords } from './numbers.ts';
import { renderFacts, renderTable } from './table.ts';
import type { Paint, Style } from './terminal.ts';

const STYLES: Readonly<Record<Outcome, Style>> = {
  deleted: 'green',
  deleted_inferred: 'green',
  held: 'yellow',
  not_found: 'yellow',
  not_attempted: 'yellow',
  rejected: 'red',
  failed: 'red',
  unknown: 'red',
};

/** The end of a run for a person. */
export function renderRunEnd(end: Pick<RunEnd, 'summary' | 'files'>, paint: Paint): string {
  return `${renderSummary(end.summary, paint)}\n${renderFiles(end.files)}`;
}

/** What became of the planned deletions. */
export function renderSummary(summary: Summary, paint: Paint): string {
  const state = summary.complete
    ? 'finished'
    : `ended early${summary.stopReason === null ? '' : ` (${inWords(summary.stopReason)})`}`;
  const outcomes = OUTCOMES.filter((outcome) => summary.counts[outcome] > 0).map(
    (outcome) =>
      [paint(STYLES[outcome], inWords(outcome)), summary.counts[outcome], inWords(outcome).length] as const,
  );
  const width = Math.max(0, ...outcomes.map(([, count]) => formatCount(count).length));
  const skipped = Object.entries(summary.skipped).filter(([, count]) => count > 0);
  return [
    paint(
      'bold',
      `Run ${summary.runId} ${state}: ${counted(summary.planned, 'planned deletion')} at ${printable(summary.target.baseUrl)}`,
    ),
    ...outcomes.map(([name, count]) => `  ${formatCount(count).padStart(width)}  ${name}`),
    ...skipped.map(([why, count]) => `  skipped: ${formatCount(count)} ${inWords(why)}`),
    `  ${counted(summary.requests, 'request')}, ${counted(summary.retries, 'retry', 'retries')}, ${formatCount(summary.rateLimited)} told to slow down`,
    ...(summary.notBefore === null ? [] : [`  do not resume before ${summary.notBefore}`]),
  ].join('\n');
}

function renderFiles(files: RunFiles): string {
  return renderFacts([
    ['results', printable(files.resultsCsv, 1000)],
    ['', printable(files.resultsNdjson, 1000)],
    ['summary', printable(files.summaryJson, 1000)],
  ]);
}

/** The table of `runs list`. */
export function renderRuns(runs: readonly RunInfo[]): string {
  if (runs.length === 0) return 'No runs yet. tavus-purge plan <manifest> makes the first.';
  return renderTable(
    [
      { title: 'run' },
      { title: 'state' },
      { title: 'created' },
      { title: 'planned', align: 'right' },
      { title: 'deleted', align: 'right' },
      { title: 'not fine', align: 'right' },
      { title: 'exit', align: 'right' },
      { title: 'target' },
    ],
    runs.map(({ runId, state, header, summary }) => [
      runId,
      state,
      header.createdAt.slice(0, 19).replace('T', ' '),
      formatCount(header.planned),
      summary ? formatCount(summary.counts.deleted + summary.counts.deleted_inferred) : '–',
      summary ? formatCount(notFine(summary)) : '–',
      summary ? String(summary.exitCode) : '–',
      header.target.baseUrl,
    ]),
  );
}

function notFine(summary: Summary): number {
  const { rejected, failed, unknown, not_found: notFound, not_attempted: notAttempted } = summary.counts;
  return rejected + failed + unknown + notFound + notAttempted;
}
