import { EXIT_CODES, rethrowBug } from '../errors.ts';
import type { PurgeRun, RunEnd } from '../library.ts';
import { printableJson } from '../printable.ts';
import { findRunFolder } from '../store/run-folders.ts';
import type { Outcome } from '../types.ts';
import type { CommandContext } from './command-context.ts';
import { fineOutcomes, notFineSentence } from '../library/not-fine.ts';
import { logEnd, logEvent } from './log-events.ts';
import { createLog, type Log } from './logging.ts';
import { nextCommand } from './next-command.ts';
import { Progress } from './progress.ts';
import { renderRunEnd } from './render-run.ts';
import { nextAfterStop } from '../library/stop-advice.ts';

/** Shows a run while it works and how it ended; answers with its exit code. */
export async function followRun(context: CommandContext, run: PurgeRun): Promise<number> {
  const { settings, terminal } = context;
  const { quiet, json } = settings.values;
  const { end, allowNotFound } = await watchRun(context, run, quiet ? 'warnings' : 'all');
  if (json) terminal.print(printableJson(end.summary, 2));
  else if (!quiet) terminal.print(renderRunEnd(end, terminal.paintData));
  explainEnd(context, end, fineOutcomes({ allowNotFound }));
  return end.summary.exitCode;
}

/**
 * Shows a run while it works, and keeps its log; what it amounts to is left to the caller. `nothing` shows nothing. Rejects
 * as `run.finished` does.
 */
export async function watchRun(
  context: CommandContext,
  run: PurgeRun,
  shows: 'all' | 'warnings' | 'nothing',
): Promise<{ readonly end: RunEnd; readonly allowNotFound: boolean }> {
  const { settings, terminal } = context;
  const { logLevel, logFormat, noProgress } = settings.values;
  const log = createLog(terminal, { level: logLevel, format: logFormat, shows });
  const progress = new Progress({
    terminal,
    log,
    isOff: shows !== 'all' || noProgress,
    monotonic: () => performance.now(),
  });
  const following = followEvents(context, run, { log, progress });
  try {
    const end = await run.finished;
    const { allowNotFound } = await following;
    progress.stop();
    logEnd(log, end);
    return { end, allowNotFound };
  } finally {
    progress.stop();
    log.close();
  }
}

/**
 * Never rejects: what is shown of a run must not change it. A log that cannot be opened is said once. Answers with
 * what the run counts as fine.
 */
async function followEvents(
  context: CommandContext,
  run: PurgeRun,
  to: { readonly log: Log; readonly progress: Progress },
): Promise<{ readonly allowNotFound: boolean }> {
  let allowNotFound = false;
  try {
    for await (const events of run.batches()) {
      for (const event of events) {
        if (event.type === 'started') {
          ({ allowNotFound } = event.settings);
          keepLog(context, event.runId, to.log);
        }
        to.progress.follow(event);
        logEvent(to.log, event);
      }
    }
  } catch (error) {
    // A run that was refused says so through `finished`; anything else is said there too.
    to.log.debug('the events of the run ended early', {
      error: error instanceof Error ? error.name : 'unknown',
    });
  }
  return { allowNotFound };
}

function keepLog(context: CommandContext, runId: string, log: Log): void {
  const folder = findRunFolder(context.stateDir, runNamed(context, runId));
  if (folder === undefined) return;
  try {
    log.keepIn(folder);
  } catch (error) {
    rethrowBug(error);
    log.error(`${error.message} The run goes on without log.ndjson.`);
  }
}

/** The run as the operator named it: its ID, or its folder, which may lie elsewhere. */
function runNamed({ words, stateDir }: CommandContext, runId: string): string {
  return words.find((word) => findRunFolder(stateDir, word) !== undefined) ?? runId;
}

/** One sentence that says why the exit code is not 0, and the next command. */
function explainEnd(context: CommandContext, end: RunEnd, fine: ReadonlySet<Outcome>): void {
  const { exitCode, runId, stopReason } = end.summary;
  if (exitCode === EXIT_CODES.ok) return;
  const why = end.error ?? notFineSentence(end.summary, fine);
  const next = end.summary.complete
    ? `read ${end.files.resultsCsv}; a new plan tries again`
    : nextAfterStop(stopReason, nextCommand(context, ['resume', runNamed(context, runId)]));
  context.terminal.say(`tavus-purge: ${why}\nnext: ${next}`);
}
