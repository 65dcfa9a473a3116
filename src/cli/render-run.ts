import type { RunEnd, RunFiles } from '../library.ts';
import { printable } from '../printable.ts';
import { OUTCOMES, type Outcome, type Summary } from '../types.ts';
import { counted, formatCount, inWords } from '../numbers.ts';
import { renderFacts } from './table.ts';
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

/** What these outcomes mean while the run is at work. */
const STILL: Readonly<Partial<Record<Outcome, string>>> = {
  not_attempted: 'to do',
  unknown: 'under way, or not known',
};

/** The end of a run for a person. */
export function renderRunEnd(end: Pick<RunEnd, 'summary' | 'files'>, paint: Paint): string {
  return `${renderSummary(end.summary, paint)}\n${renderFiles(end.files)}`;
}

/** What became of the planned deletions; of a run that is at work, what became of them so far. */
export function renderSummary(summary: Summary, paint: Paint, isRunning = false): string {
  const outcomes = OUTCOMES.filter((outcome) => summary.counts[outcome] > 0).map((outcome) => {
    // A request that is under way is recorded as one whose answer is not known.
    const name = isRunning ? (STILL[outcome] ?? inWords(outcome)) : inWords(outcome);
    return [paint(STYLES[outcome], name), summary.counts[outcome]] as const;
  });
  const width = Math.max(0, ...outcomes.map(([, count]) => formatCount(count).length));
  const skipped = Object.entries(summary.skipped).filter(([, count]) => count > 0);
  return [
    paint(
      'bold',
      `Run ${summary.runId} ${isRunning ? 'is at work' : stateOf(summary)}: ${counted(summary.planned, 'planned deletion')} at ${printable(summary.target.baseUrl)}`,
    ),
    ...outcomes.map(([name, count]) => `  ${formatCount(count).padStart(width)}  ${name}`),
    ...skipped.map(([why, count]) => `  skipped: ${formatCount(count)} ${inWords(why)}`),
    `  ${counted(summary.requests, 'request')}, ${counted(summary.retries, 'retry', 'retries')}, ${formatCount(summary.rateLimited)} told to slow down`,
    ...(summary.notBefore === null ? [] : [`  do not resume before ${summary.notBefore}`]),
  ].join('\n');
}

function stateOf({ complete, stopReason }: Summary): string {
  if (complete) return 'finished';
  return `ended early${stopReason === null ? '' : ` (${inWords(stopReason)})`}`;
}

function renderFiles(files: RunFiles): string {
  return renderFacts([
    ['results', printable(files.resultsCsv, 1000)],
    ['', printable(files.resultsNdjson, 1000)],
    ['summary', printable(files.summaryJson, 1000)],
  ]);
}
