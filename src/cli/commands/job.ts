import { basename } from 'node:path';
import { EXIT_CODES, PurgeError, type ExitName } from '../../errors.ts';
import { endLine } from '../../job/end-line.ts';
import { notifyPayload } from '../../job/notify-payload.ts';
import type { Job } from '../../job/job.ts';
import type { PurgeRun } from '../../library.ts';
import type { JobOptions, JobResult, RunJobOptions } from '../../library/job/job-options.ts';
import type { JobPreview } from '../../library/preview-job.ts';
import { printable, printableJson } from '../../printable.ts';
import type { CommandContext } from '../command-context.ts';
import { JOB_ACTIONS } from '../commands.ts';
import { watchRun } from '../follow-run.ts';
import { jobKey } from '../job-key.ts';
import { createLog } from '../logging.ts';
import { nextCommand } from '../next-command.ts';
import { kebabName, type OptionName } from '../options.ts';
import { renderBug, renderError } from '../render-error.ts';
import { renderJobChecks, renderJobPreview } from '../render-job.ts';
import { renderRunEnd } from '../render-run.ts';
import { isFlag, isGiven } from '../settings.ts';

/** `job run|plan|check <job.yaml>`. */
export async function runJobCommand(context: CommandContext): Promise<number> {
  const [word, file = ''] = context.words;
  const action = JOB_ACTIONS.find((known) => known === word) ?? 'check';
  refuseRunOptions(context, action);
  const { readJob } = await import('../../library/run-job.ts');
  if (action === 'run') {
    const name = basename(file).replace(/\.ya?ml$/i, '');
    const job = await runQuietly(context, name, () => readJob(file));
    return typeof job === 'number' ? job : runQuietly(context, job.name, () => run(context, job));
  }
  const job = await readJob(file);
  return action === 'plan' ? preview(context, job) : check(context, job);
}

/** What would change nothing was meant to change something. */
function refuseRunOptions({ settings }: CommandContext, action: string): void {
  const ofRun: readonly OptionName[] = ['trigger', 'reason', 'quiet', 'noProgress'];
  const surplus = action === 'run' ? undefined : ofRun.find((name) => isFlag(settings, name));
  if (surplus === undefined) return;
  throw new PurgeError('usage', `--${kebabName(surplus)} is not an option of job ${action}.`, {
    next: 'leave it out; it belongs to job run',
  });
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
    const end = { job, exitName: exitNameOf(error), why: error.message, next: error.next ?? null };
    context.terminal.say(endLine(end));
    return error.exitCode;
  }
}

function exitNameOf({ kind }: PurgeError): ExitName {
  return kind;
}

async function run(context: CommandContext, job: Job): Promise<number> {
  const { terminal, settings, force } = context;
  const { quiet, json, trigger, reason } = settings.values;
  const { runJob } = await import('../../library/run-job.ts');
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
    if (!(error instanceof PurgeError)) throw error;
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

async function preview(context: CommandContext, job: Job): Promise<number> {
  const { terminal, settings } = context;
  const { previewJob } = await import('../../library/preview-job.ts');
  const preview = await previewJob(jobOptions(context, job));
  if (settings.values.json) terminal.print(printableJson(previewJson(job, preview), 2));
  else terminal.print(renderJobPreview(preview, terminal.paintData));
  const [refusal] = preview.refusals;
  if (refusal !== undefined) {
    throw new PurgeError('refused', `A run would be refused: ${refusal.why}.`, { next: refusal.next });
  }
  const hasWork = (preview.plan?.header.planned ?? 0) > 0 || preview.interrupted.length > 0;
  if (job.onEmpty === 'fail' && !hasWork) {
    throw new PurgeError('usage', 'There would be nothing to delete (onEmpty: fail).', {
      next: 'see why there is no manifest with something to delete',
    });
  }
  if (preview.bad.length === 0) return EXIT_CODES.ok;
  throw new PurgeError('usage', 'A run would refuse manifests and move them to rejected/.', {
    details: preview.bad.flatMap(({ reason }) => [reason.message, ...reason.details]),
    next: 'correct them before the job runs',
  });
}

function previewJson(job: Job, { plan, interrupted, bad, ...rest }: JobPreview): object {
  return {
    job: job.name,
    ...rest,
    interrupted: interrupted.map(({ runId }) => runId),
    rejected: bad.map(({ file, reason }) => ({
      manifest: file,
      problems: [reason.message, ...reason.details],
    })),
    plan: plan?.header ?? null,
  };
}

async function check(context: CommandContext, job: Job): Promise<number> {
  const { terminal, settings } = context;
  const { checkJob } = await import('../../library/check-job.ts');
  const checks = await checkJob(jobOptions(context, job));
  if (settings.values.json) {
    const shown = checks.map(({ what, found, problem }) => ({
      what,
      ok: problem === null,
      found,
      next: problem?.next ?? null,
    }));
    terminal.print(printableJson({ job: job.name, checks: shown }, 2));
  } else terminal.print(renderJobChecks(checks, terminal.paintData));
  const problems = checks.map(({ problem }) => problem).filter((problem) => problem !== null);
  if (problems.length === 0) return EXIT_CODES.ok;
  for (const problem of problems.slice(0, -1)) terminal.say(renderError(problem, terminal.paintWords));
  const last = problems.at(-1);
  throw new PurgeError('usage', last?.message ?? '', { next: last?.next, details: last?.details });
}

function jobOptions(context: CommandContext, job: Job): JobOptions {
  const { settings, stateDir, env, stop } = context;
  return {
    job,
    stateDir,
    findKey: () => jobKey(context, job),
    ...(isGiven(settings, 'baseUrl') ? { baseUrl: settings.values.baseUrl } : {}),
    environment: env,
    command: (words) => nextCommand(context, words),
    signal: stop,
  };
}
