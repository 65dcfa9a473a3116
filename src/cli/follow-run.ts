import { PurgeError, EXIT_CODES } from '../errors.ts';
import type { PurgeRun, RunEnd } from '../library.ts';
import { printableJson } from '../printable.ts';
import { findRunFolder } from '../store/run-folders.ts';
import { OUTCOMES, type Outcome } from '../types.ts';
import type { CommandContext } from './command-context.ts';
import { FINE_OUTCOMES } from '../library/fine-outcomes.ts';
import { logEnd, logEvent } from './log-events.ts';
import { createLog, type Log } from './logging.ts';
import { counted, formatCount, inWords } from '../numbers.ts';
import { nextCommand } from './next-command.ts';
import { Progress } from './progress.ts';
import { renderRunEnd } from './render-run.ts';
import { nextAfterStop } from '../library/stop-advice.ts';

/** Shows a run while it works and how it ended; answers with its exit code. */
export async function followRun(context: CommandContext, run: PurgeRun): Promise<number> {
  const { settings, terminal } = context;
  const { logLevel, logFormat, quiet, noProgress, json } = settings.values;
  const log = createLog(terminal, { level: logLevel, format: logFormat, isQuiet: quiet });
  const progress = new Progress({
    terminal,
    log,
    isOff: quiet || noProgress,
    monotonic: () => performance.now(),
  });
  const following = followEvents(context, run, { log, progress });
  try {
    const end = await run.finished;
    const { allowNotFound } = await following;
    progress.stop();
    logEnd(log, end);
    if (json) terminal.print(printableJson(end.summary, 2));
    else if (!quiet) terminal.print(renderRunEnd(end, terminal.paintData));
    explainEnd(context, end, allowNotFound ? new Set([...FINE_OUTCOMES, 'not_found']) : FINE_OUTCOMES);
    return end.summary.exitCode;
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
    for await (const event of run) {
      if (event.type === 'started') {
        ({ allowNotFound } = event.settings);
        keepLog(context, event.runId, to.log);
      }
      to.progress.follow(event);
      logEvent(to.log, event);
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
    if (!(error instanceof PurgeError)) throw error;
    log.error(`${error.message} The run goes on without log.ndjson.`);
  }
}

/** The run as the operator named it: its ID, or its folder, which may lie elsewhere. */
function runNamed({ words, stateDir }: CommandContext, runId: string): string {
  return words.find((word) => findRunFolder(stateDir, word) !== undefined) ?? runId;
}

/** One sentence that says why the exit code is not 0, and the next command. */
function explainEnd(context: CommandContext, end: RunEnd, fine: ReadonlySet<Outcome>): void {
  const { exitCode, runId, planned, counts, stopReason } = end.summary;
  if (exitCode === EXIT_CODES.ok) return;
  const notFine = OUTCOMES.filter((outcome) => counts[outcome] > 0 && !fine.has(outcome));
  const amounts = notFine.map((outcome) => `${formatCount(counts[outcome])} ${inWords(outcome)}`);
  const why =
    end.error ?? `Not all of ${counted(planned, 'planned deletion')} ended well: ${amounts.join(', ')}.`;
  const next = end.summary.complete
    ? `read ${end.files.resultsCsv}; a new plan tries again`
    : nextAfterStop(stopReason, nextCommand(context, ['resume', runNamed(context, runId)]));
  context.terminal.say(`tavus-purge: ${why}\nnext: ${next}`);
}
