import type { RunInfo } from '../library.ts';
import type { Summary } from '../types.ts';
import { formatCount } from '../numbers.ts';
import { fittingColumn, numberColumn, renderFitting, type FittingColumn } from './fitting-table.ts';

const COLUMNS: readonly FittingColumn<RunInfo>[] = [
  fittingColumn('run', ({ runId }) => runId),
  fittingColumn('state', ({ state }) => state),
  // The run ID says it, too.
  {
    ...fittingColumn('created', ({ header }) => header.createdAt.slice(0, 19).replace('T', ' ')),
    short: null,
  },
  numberColumn('planned', ({ header }) => formatCount(header.planned)),
  numberColumn('deleted', ({ summary }) => (summary === null ? '–' : formatCount(deleted(summary)))),
  numberColumn('not fine', (run) => (run.summary === null ? '–' : formatCount(notFine(run, run.summary)))),
  { ...numberColumn('exit', exitCode), short: null },
  {
    ...fittingColumn('target', ({ header }) => header.target.baseUrl),
    short: ({ header }) => header.target.baseUrl.replace(/^https?:\/\//, ''),
  },
];

const JOB: FittingColumn<RunInfo> = fittingColumn('job', ({ header }) => header.job ?? '–');

/** The table of `runs list`; a shorter one where it is wider than `width`. Jobs are shown where there is one. */
export function renderRuns(runs: readonly RunInfo[], width: number): string {
  const hasJobs = runs.some(({ header }) => typeof header.job === 'string');
  return renderFitting(hasJobs ? COLUMNS.toSpliced(1, 0, JOB) : COLUMNS, runs, width);
}

function deleted({ counts }: Summary): number {
  return counts.deleted + counts.deleted_inferred;
}

/** While a run is at work, what is to do or under way is not counted: nothing is wrong with it yet. */
function notFine({ state, header }: RunInfo, { counts, exitCode: code }: Summary): number {
  if (state === 'finished' && code === 0) return 0;
  const missing = header.settings.allowNotFound ? 0 : counts.not_found;
  const surely = counts.rejected + counts.failed + missing;
  return state === 'running' ? surely : surely + counts.unknown + counts.not_attempted;
}

function exitCode({ state, summary }: RunInfo): string {
  return summary === null || state === 'running' ? '–' : String(summary.exitCode);
}
