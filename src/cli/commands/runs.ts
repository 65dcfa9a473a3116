import { EXIT_CODES, PurgeError } from '../../errors.ts';
import type { ListRunsOptions } from '../../library.ts';
import { shownValue } from '../../key-like.ts';
import { printableJson } from '../../printable.ts';
import { systemClock } from '../../system-clock.ts';
import type { CommandContext } from '../command-context.ts';
import { applyCommand, nextCommand } from '../next-command.ts';
import { counted } from '../../numbers.ts';
import { kebabName, optionsOf, type OptionName } from '../options.ts';
import { renderFindings, renderPruned } from '../render-history.ts';
import { renderPlanSummary } from '../render-plan.ts';
import { renderSummary } from '../render-run.ts';
import { renderRuns } from '../render-runs.ts';
import { isFlag } from '../settings.ts';
import { renderFacts } from '../table.ts';

const OF_EVERY_ACTION: readonly OptionName[] = ['stateDir', 'config', 'json'];

type Action = 'list' | 'show' | 'find' | 'prune';

/** The other options that an action knows. */
const OPTIONS_OF: Readonly<Record<Action, readonly OptionName[]>> = {
  list: ['job', 'state', 'since'],
  show: [],
  find: ['kind'],
  prune: ['job', 'keepRuns', 'keepDays', 'dryRun'],
};

/** `runs list`, `runs show <run>`, `runs find <id>` and `runs prune`. */
export async function runRuns(context: CommandContext): Promise<number> {
  const [word, named = ''] = context.words;
  const action = isAction(word) ? word : 'list';
  refuseOtherOptions(context, action);
  if (action === 'list') await listAll(context);
  else if (action === 'show') await showOne(context, named);
  else if (action === 'find') await find(context, named);
  else await prune(context);
  return EXIT_CODES.ok;
}

function isAction(word: string | undefined): word is Action {
  return word !== undefined && Object.hasOwn(OPTIONS_OF, word);
}

/** A limit or filter that changes nothing was meant to change something. */
function refuseOtherOptions({ settings }: CommandContext, action: Action): void {
  for (const name of optionsOf('runs')) {
    if (!isFlag(settings, name) || [...OF_EVERY_ACTION, ...OPTIONS_OF[action]].includes(name)) continue;
    throw new PurgeError('usage', `--${kebabName(name)} is not an option of runs ${action}.`, {
      next: 'leave it out; tavus-purge runs --help says what it belongs to',
    });
  }
}

async function listAll(context: CommandContext): Promise<void> {
  const { terminal, settings, stateDir } = context;
  const { job, state, since, json } = settings.values;
  const { listRuns } = await import('../../library.ts');
  const isFiltered = job !== undefined || state.length > 0 || since !== undefined;
  const runs = await listRuns({
    stateDir,
    ...(job === undefined ? {} : { job }),
    ...(state.length === 0 ? {} : { states: state }),
    ...(since === undefined ? {} : { since: 'at' in since ? since.at : systemClock.now() - since.agoMs }),
    onUnreadable: sayLeftOut(context),
  });
  if (json) terminal.print(printableJson(runs, 2));
  else if (runs.length > 0) terminal.print(renderRuns(runs, terminal.dataColumns));
  else if (isFiltered) terminal.print('No run is like that. tavus-purge runs lists all.');
  else terminal.print('No runs yet. tavus-purge plan <manifest> makes the first.');
}

function sayLeftOut({ terminal }: CommandContext): NonNullable<ListRunsOptions['onUnreadable']> {
  return (folder, error) => terminal.say(`tavus-purge: left out ${folder}: ${error.message}`);
}

async function showOne(context: CommandContext, run: string): Promise<void> {
  const { terminal, settings, stateDir } = context;
  const { showRun } = await import('../../library.ts');
  const info = await showRun({ stateDir, run });
  const { header, summary } = info;
  if (settings.values.json) {
    terminal.print(printableJson(info, 2));
    return;
  }
  terminal.print(renderPlanSummary(header, terminal.paintData));
  const notes = { job: header.job, trigger: summary?.trigger, reason: summary?.reason };
  const said = Object.entries(notes).filter((note): note is [string, string] => typeof note[1] === 'string');
  terminal.print(renderFacts([['state', info.state], ['folder', info.folder], ...said]));
  if (summary !== null) {
    const isRunning = info.state === 'running';
    terminal.print(`\n${renderSummary(summary, terminal.paintData, isRunning)}`);
  }
  if (info.state === 'planned') terminal.print(`\nnext: ${applyCommand(context, header)}`);
  if (info.state === 'interrupted' || info.state === 'stopped') {
    terminal.print(`\nnext: ${nextCommand(context, ['resume', info.runId])}`);
  }
}

async function find(context: CommandContext, id: string): Promise<void> {
  const { terminal, settings, stateDir } = context;
  const { kind, json } = settings.values;
  const { findInRuns } = await import('../../library.ts');
  const findings = await findInRuns({
    stateDir,
    id,
    // Elsewhere `kind` says what IDs of manifests are, and must not hide a run here.
    ...(kind !== undefined && isFlag(settings, 'kind') ? { kind } : {}),
    onUnreadable: sayLeftOut(context),
  });
  if (json) terminal.print(printableJson(findings, 2));
  else if (findings.length > 0) terminal.print(renderFindings(findings, terminal.dataColumns));
  if (findings.length === 0)
    terminal.say(`tavus-purge: no run in ${stateDir} knows the ID ${shownValue(id)}.`);
}

async function prune(context: CommandContext): Promise<void> {
  const { terminal, settings, stateDir } = context;
  const { keepRuns = null, keepDays = null, job, dryRun, json } = settings.values;
  const { pruneRuns } = await import('../../library.ts');
  const runs = await pruneRuns({
    stateDir,
    keep: { runs: keepRuns, days: keepDays },
    ...(job === undefined ? {} : { job }),
    dryRun,
    onUnreadable: sayLeftOut(context),
  });
  terminal.print(json ? printableJson(runs, 2) : renderPruned(runs));
  const failed = runs.filter(({ action }) => action === 'failed');
  if (failed.length === 0) return;
  throw new PurgeError('storage', `${counted(failed.length, 'old run')} could not be removed.`, {
    details: failed.map(({ runId, why }) => `${runId}: ${why}`),
    next: 'see to the cause, then the same command again',
  });
}
