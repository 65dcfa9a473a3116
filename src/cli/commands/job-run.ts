import { basename } from 'node:path';
import { EXIT_CODES, PurgeError, rethrowBug } from '../../errors.ts';
import { endLine } from '../../job/end-line.ts';
import type { Job } from '../../job/job.ts';
import { notifyPayload } from '../../job/notify-payload.ts';
import type { PurgeRun } from '../../library.ts';
import type { JobResult, RunJobOptions } from '../../library/job/job-options.ts';
import { readJob, runJob } from '../../library/run-job.ts';
import { printable, printableJson } from '../../printable.ts';
import type { CommandContext } from '../command-context.ts';
import { watchRun } from '../follow-run.ts';
import { jobOptions } from '../job-options.ts';
import { createLog } from '../logging.ts';
import { renderBug } from '../render-error.ts';
import { renderRunEnd } from '../render-run.ts';

/** `job run <job.yaml>`: carries the job out, and shows its runs while they work. */
export async function runJobNow(context: CommandContext, file: string): Promise<number> {
  const name = basename(file).replace(/\.ya?ml$/i, '');
  const job = await runQuietly(context, name, () => readJob(file));
  return typeof job === 'number' ? job : runQuietly(context, job.name, () => run(context, job));
}

/** With `--quiet` an error that comes before the job could begin is one line as well. */
async function runQuietly<T>(
  context: CommandContext,
  job: string,
  work: () => Promise<T>,
): Promise<T | number> {
  try {
    return await work();
  } catch (error) {
    if (!(error instanceof PurgeError) || !context.settings.values.quiet) throw error;
    const end = { job, exitName: error.kind, why: error.message, next: error.next ?? null };
    context.terminal.say(endLine(end));
    return error.exitCode;
  }
}

async function run(context: CommandContext, job: Job): Promise<number> {
  const { terminal, settings, force } = context;
  const { quiet, json, trigger, reason } = settings.values;
  const shown: Promise<void>[] = [];
  const watch: RunJobOptions['watch'] = {
    onRun: (run) => void shown.push(showRun(context, run)),
    onRemark: (sentence) => {
      if (!quiet) terminal.say(`tavus-purge: ${printable(sentence, 2000)}`);
    },
  };
  const result = await runJob({
    ...jobOptions(context, job),
    ...(trigger === undefined ? {} : { trigger }),
    ...(reason === undefined ? {} : { reason }),
    forceSignal: force,
    watch,
  });
  await Promise.all(shown);
  keepRemarks(context, result);
  if (json) {
    const { end, notificationFailures, remarks } = result;
    const { schemaVersion: _, id: __, ...told } = notifyPayload(end, '');
    terminal.print(printableJson({ ...told, notificationFailures, remarks }, 2));
  }
  sayEnd(context, result);
  if (result.notificationFailures.length > 0) endSoon();
  return result.end.exitCode;
}

/** Never rejects: the job itself says how its runs ended. */
async function showRun(context: CommandContext, run: PurgeRun): Promise<void> {
  const { terminal, settings } = context;
  const { quiet, json } = settings.values;
  try {
    const { end } = await watchRun(context, run, quiet ? 'nothing' : 'all');
    if (!quiet && !json) terminal.print(renderRunEnd(end, terminal.paintData));
  } catch {
    // It was refused, or ended by an error that ends the job.
  }
}

/** What was remarked goes to the log of the last run, where it is found also when nothing is shown. */
function keepRemarks({ terminal, settings }: CommandContext, { end, remarks }: JobResult): void {
  const folder = end.runs.at(-1)?.folder;
  if (folder === undefined || remarks.length === 0) return;
  const { logLevel, logFormat } = settings.values;
  const log = createLog(terminal, { level: logLevel, format: logFormat, shows: 'nothing' });
  try {
    log.keepIn(folder);
    for (const remark of remarks) log.warn(printable(remark, 2000));
  } catch (error) {
    rethrowBug(error);
  } finally {
    log.close();
  }
}

/** With `--quiet` nothing on success and one line on trouble, so that the mail of cron means something. */
function sayEnd({ terminal, settings }: CommandContext, { end, details, bug }: JobResult): void {
  const { quiet, json } = settings.values;
  if (end.exitCode === EXIT_CODES.ok) {
    if (!quiet && !json) terminal.print(endLine(end));
    return;
  }
  if (!quiet) {
    for (const detail of details) terminal.say(`  ${printable(detail, 2000)}`);
    if (bug !== undefined) terminal.say(renderBug(bug, terminal.paintWords));
  }
  terminal.say(endLine(end));
}

/** A look-up of a name that hangs cannot be cancelled, and would keep the process alive after its work is done. */
function endSoon(): void {
  setTimeout(() => process.exit(), 1_000).unref();
}
