import type { RunInfo } from '../library.ts';
import type { Summary } from '../types.ts';
import { formatCount } from './numbers.ts';
import { renderTable, type Column } from './table.ts';

interface RunColumn extends Column {
  readonly cell: (run: RunInfo) => string;
  /** What it shows where the table is too wide for the terminal; `null`: the column is left out. */
  readonly short: ((run: RunInfo) => string) | null;
}

const COLUMNS: readonly RunColumn[] = [
  column('run', ({ runId }) => runId),
  column('state', ({ state }) => state),
  // The run ID says it, too.
  { ...column('created', ({ header }) => header.createdAt.slice(0, 19).replace('T', ' ')), short: null },
  number('planned', ({ header }) => formatCount(header.planned)),
  number('deleted', ({ summary }) => (summary === null ? '–' : formatCount(deleted(summary)))),
  number('not fine', (run) => (run.summary === null ? '–' : formatCount(notFine(run, run.summary)))),
  { ...number('exit', exitCode), short: null },
  {
    ...column('target', ({ header }) => header.target.baseUrl),
    short: ({ header }) => header.target.baseUrl.replace(/^https?:\/\//, ''),
  },
];

function column(title: string, cell: RunColumn['cell']): RunColumn {
  return { title, cell, short: cell };
}

function number(title: string, cell: RunColumn['cell']): RunColumn {
  return { ...column(title, cell), align: 'right' };
}

/** The table of `runs list`; a shorter one where it is wider than `width`. */
export function renderRuns(runs: readonly RunInfo[], width: number): string {
  if (runs.length === 0) return 'No runs yet. tavus-purge plan <manifest> makes the first.';
  const whole = renderTable(
    COLUMNS,
    runs.map((run) => COLUMNS.map(({ cell }) => cell(run))),
  );
  if (whole.split('\n').every((line) => line.length <= width)) return whole;
  const shown = COLUMNS.filter(({ short }) => short !== null);
  return renderTable(
    shown,
    runs.map((run) => shown.map(({ short }) => short?.(run) ?? '')),
  );
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
