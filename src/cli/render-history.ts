import type { PrunedRun, RunFinding } from '../library.ts';
import { fittingColumn, renderFitting, type FittingColumn } from './fitting-table.ts';
import { counted, inWords } from '../numbers.ts';
import { renderTable } from './table.ts';

const COLUMNS: readonly FittingColumn<RunFinding>[] = [
  fittingColumn('run', ({ runId }) => runId),
  // The run ID says it, too.
  { ...fittingColumn('planned', ({ plannedAt }) => timeCell(plannedAt)), short: null },
  fittingColumn('kind', ({ kind }) => kind),
  fittingColumn('mode', ({ mode }) => mode),
  fittingColumn('outcome', outcome),
  {
    ...fittingColumn('when', ({ finishedAt }) => timeCell(finishedAt)),
    short: ({ finishedAt }) => timeCell(finishedAt).slice(0, 10),
  },
  { ...fittingColumn('job', ({ job }) => job ?? '–'), short: ({ job }) => job ?? '–' },
  { ...fittingColumn('target', ({ baseUrl }) => baseUrl), short: null },
  { ...fittingColumn('folder', ({ folder }) => (folder === null ? 'gone' : 'there')), short: null },
];

/** The table of `runs find`. */
export function renderFindings(findings: readonly RunFinding[], width: number): string {
  return renderFitting(COLUMNS, findings, width);
}

/** What `runs prune` removed, or would, one line each, and how much stays. */
export function renderPruned(runs: readonly PrunedRun[]): string {
  const gone = runs.filter(({ action }) => action === 'removed' || action === 'would_remove');
  const stay = counted(runs.length - gone.length, 'run stays', 'runs stay');
  if (gone.length === 0) return `Nothing is to be removed; ${stay}.`;
  const verb = gone.some(({ action }) => action === 'removed') ? 'Removed' : 'Would remove';
  const columns = [{ title: 'run' }, { title: 'job' }, { title: 'why' }];
  const table = renderTable(
    columns,
    gone.map(({ runId, job, why }) => [runId, job ?? '–', why]),
  );
  return `${table}\n${verb} ${counted(gone.length, 'run')}; ${stay}.`;
}

function outcome({ outcome: what, skipped, final }: RunFinding): string {
  const words = skipped === null ? inWords(what) : `skipped: ${inWords(skipped)}`;
  return final || what === 'would_delete' ? words : `${words} so far`;
}

function timeCell(time: string | null): string {
  return time === null ? '–' : time.slice(0, 19).replace('T', ' ');
}
