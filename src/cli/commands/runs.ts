import { EXIT_CODES } from '../../errors.ts';
import { printableJson } from '../../printable.ts';
import type { CommandContext } from '../command-context.ts';
import { applyCommand, nextCommand } from '../next-command.ts';
import { renderPlanSummary } from '../render-plan.ts';
import { renderSummary } from '../render-run.ts';
import { renderRuns } from '../render-runs.ts';

/** `runs list` and `runs show <run>`. */
export async function runRuns(context: CommandContext): Promise<number> {
  const [action, run] = context.words;
  if (action === 'show' && run !== undefined) await showOne(context, run);
  else await showAll(context);
  return EXIT_CODES.ok;
}

async function showAll({ terminal, settings, stateDir }: CommandContext): Promise<void> {
  const { listRuns } = await import('../../library.ts');
  const runs = await listRuns({
    stateDir,
    onUnreadable(folder, error) {
      terminal.say(`tavus-purge: left out ${folder}: ${error.message}`);
    },
  });
  terminal.print(settings.values.json ? printableJson(runs, 2) : renderRuns(runs, terminal.dataColumns));
}

async function showOne(context: CommandContext, run: string): Promise<void> {
  const { terminal, settings, stateDir } = context;
  const { showRun } = await import('../../library.ts');
  const info = await showRun({ stateDir, run });
  if (settings.values.json) {
    terminal.print(printableJson(info, 2));
    return;
  }
  terminal.print(renderPlanSummary(info.header, terminal.paintData));
  terminal.print(`  state: ${info.state}\n  folder: ${info.folder}`);
  if (info.summary !== null) {
    const isRunning = info.state === 'running';
    terminal.print(`\n${renderSummary(info.summary, terminal.paintData, isRunning)}`);
  }
  if (info.state === 'planned') terminal.print(`\nnext: ${applyCommand(context, info.header)}`);
  if (info.state === 'interrupted' || info.state === 'stopped') {
    terminal.print(`\nnext: ${nextCommand(context, ['resume', info.runId])}`);
  }
}
