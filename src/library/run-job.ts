import { join } from 'node:path';
import { EXIT_CODES, PurgeError, type ExitName } from '../errors.ts';
import type { Job, JobEnd, NotificationFailure } from '../job/job.ts';
import { metricsText } from '../job/metrics-text.ts';
import { notifyEnd, notifyStart, type NotifyOptions } from '../job/notify.ts';
import { readJobFile } from '../job/read-job-file.ts';
import { writeMetrics } from '../job/write-metrics.ts';
import { createPrivateFolder } from '../safe-files.ts';
import { scrubberFor } from '../scrub.ts';
import { readJobHistory, recordJobRun, type JobHistory } from '../store/job-history.ts';
import { jobLock, LOCKS, takeLock, targetLock } from '../store/target-lock.ts';
import { systemClock } from '../system-clock.ts';
import { checkKey, keyFingerprint, parseBaseUrl } from '../tavus/target.ts';
import { DEFAULT_BASE_URL } from './defaults.ts';
import { endOfError, type WorkEnd } from './job/end-of-error.ts';
import { measureBacklog } from './job/job-backlog.ts';
import { startRefusals, throwRefusal } from './job/job-guards.ts';
import { plainCommand, type JobResult, type RunJobOptions } from './job/job-options.ts';
import { JobWork } from './job/job-work.ts';
import { pruneRuns } from './prune-runs.ts';

/** The job that a job file describes. Throws a `usage` PurgeError that lists every problem with its place. */
export function readJob(path: string): Promise<Job> {
  return readJobFile(path, { parseBaseUrl });
}

/** The API that a job deletes at. Throws a `usage` PurgeError when the job file and the operator name two. */
export function baseUrlOf(job: Job, given: string | undefined): string {
  const other = given === undefined ? null : parseBaseUrl(given);
  if (job.baseUrl !== null && other !== null && other !== job.baseUrl) {
    throw new PurgeError('usage', `The job file is for ${job.baseUrl}, but ${other} is asked for.`, {
      next: 'leave out --base-url and TAVUS_BASE_URL, or baseUrl in the job file',
    });
  }
  return job.baseUrl ?? other ?? DEFAULT_BASE_URL;
}

/**
 * One run of a job, from its lock to its notifications: an interrupted run is continued, then the manifests are planned
 * and, within the limits of the job file, carried out. Resolves however it ends; rejects with a `locked` PurgeError, at
 * once and having told nobody, while another process is at the job, and with any error before the job's lock is taken.
 */
export async function runJob(options: RunJobOptions): Promise<JobResult> {
  const { job, stateDir, clock = systemClock, trigger = '' } = options;
  const startedAt = clock.now();
  await createPrivateFolder(stateDir);
  await createPrivateFolder(join(stateDir, LOCKS));
  const by = trigger === '' ? 'its last start' : `started by ${trigger}`;
  using _ = takeLock(jobLock(stateDir, job.name), { runId: by, since: new Date(startedAt).toISOString() });
  return await new JobRun(options, startedAt).run();
}

/** What is known of a run of a job, as far as it has come. */
class JobRun {
  readonly #options: RunJobOptions;
  readonly #startedAt: number;
  readonly #notify: { -readonly [Name in keyof NotifyOptions]: NotifyOptions[Name] };
  readonly #remarks: string[] = [];
  #history: JobHistory | null = null;
  #isRecorded = false;
  #work: JobWork | null = null;
  #baseUrl: string | null = null;
  #started: Promise<readonly NotificationFailure[]> = Promise.resolve([]);

  constructor(options: RunJobOptions, startedAt: number) {
    const { clock, environment = {}, forceSignal } = options;
    this.#options = options;
    this.#startedAt = startedAt;
    this.#notify = {
      environment,
      ...(clock === undefined ? {} : { clock }),
      ...(forceSignal === undefined ? {} : { signal: forceSignal }),
    };
  }

  async run(): Promise<JobResult> {
    let thrown: unknown;
    const end = await this.#carryOut().catch((error: unknown): WorkEnd => {
      thrown = error;
      return endOfError(error, {
        continued: this.#work?.continued ?? null,
        sent: this.#work?.tally.sent ?? 0,
      });
    });
    const jobEnd = await this.#endOf(end);
    this.#record(jobEnd);
    const isLocked = end.exitCode === EXIT_CODES.locked;
    // Somebody else is at work: whoever started this one must not wait for a slow service.
    if (isLocked) this.#notify.limits = { tries: 1, tryMs: 500, totalMs: 500 };
    const failures = [
      ...(await this.#started),
      ...(await notifyEnd(this.#options.job, jobEnd, this.#notify)),
    ];
    for (const { channel, event, problem } of failures) {
      this.#remark(`The ${event} notification by ${channel} was not delivered: ${problem}`);
    }
    await this.#writeMetrics(jobEnd, failures);
    return {
      end: jobEnd,
      notificationFailures: failures,
      remarks: [...(this.#work?.remarks ?? []), ...this.#remarks],
      details: thrown instanceof PurgeError ? thrown.details : [],
      bug: thrown instanceof PurgeError ? undefined : thrown,
    };
  }

  async #carryOut(): Promise<WorkEnd> {
    const { job, stateDir, findKey, trigger = '', reason = '', clock = systemClock } = this.#options;
    const history = readJobHistory(stateDir, job.name);
    this.#history = history;
    const [refusal] = startRefusals(job, history, this.#startedAt);
    recordJobRun(stateDir, {
      job: job.name,
      startedAt: this.#startedAt,
      endedAt: null,
      exitCode: null,
      runs: [],
    });
    this.#isRecorded = true;
    this.#baseUrl = baseUrlOf(job, this.#options.baseUrl);
    throwRefusal([refusal ?? null]);
    const apiKey = checkKey(findKey());
    this.#notify.scrub = scrubberFor(apiKey);
    const target = { baseUrl: this.#baseUrl, keyFingerprint: keyFingerprint(apiKey) };
    const since = new Date(this.#startedAt).toISOString();
    // Only to see whether it is free: a run of this job or by hand takes it when it begins.
    takeLock(targetLock(stateDir, target), { runId: `the job ${job.name}`, since })[Symbol.dispose]();
    this.#started = notifyStart(job, { trigger, reason }, this.#notify);
    const { command = plainCommand } = this.#options;
    const work = new JobWork({ ...this.#options, apiKey, baseUrl: this.#baseUrl, clock, command, history });
    this.#work = work;
    const end = await work.carryOut();
    await this.#prune();
    return end;
  }

  async #prune(): Promise<void> {
    const { job, stateDir, clock = systemClock } = this.#options;
    if (job.keep === null) return;
    try {
      const runs = await pruneRuns({ stateDir, keep: job.keep, job: job.name, now: clock.now });
      for (const { runId, action, why } of runs) {
        if (action === 'failed') this.#remark(`The old run ${runId} could not be removed: ${why}`);
      }
    } catch (error) {
      // The work is done; old folders can go another day.
      if (!(error instanceof PurgeError)) throw error;
      this.#remark(`Old runs could not be removed: ${error.message}`);
    }
  }

  async #endOf({ exitCode, why, next }: WorkEnd): Promise<JobEnd> {
    const { job, stateDir, trigger = '', reason = '', clock = systemClock } = this.#options;
    const work = this.#work;
    const none = { '2xx': 0, '3xx': 0, '4xx': 0, '5xx': 0, none: 0 };
    const where = { stateDir, baseUrl: this.#baseUrl ?? job.baseUrl ?? DEFAULT_BASE_URL, now: clock.now };
    return {
      job: job.name,
      trigger,
      reason,
      startedAt: this.#startedAt,
      finishedAt: clock.now(),
      exitCode,
      exitName: exitNameOf(exitCode),
      why,
      next,
      runs: work?.runs ?? [],
      backlog: await measureBacklog(job, where, work?.tally.notFound ?? new Set()),
      pausedMs: work?.tally.pausedMs ?? 0,
      requests: work?.tally.requests ?? none,
    };
  }

  #record({ finishedAt, exitCode }: JobEnd): void {
    if (!this.#isRecorded) return;
    const { job, stateDir } = this.#options;
    const runs = this.#work?.worked ?? [];
    const record = { job: job.name, startedAt: this.#startedAt, endedAt: finishedAt, exitCode, runs };
    try {
      recordJobRun(stateDir, record);
    } catch (error) {
      // The run folders hold the same; what is missing here is taken over from them.
      if (!(error instanceof PurgeError)) throw error;
      this.#remark(`The end of the job could not be recorded: ${error.message}`);
    }
  }

  async #writeMetrics(end: JobEnd, failures: readonly NotificationFailure[]): Promise<void> {
    const { job } = this.#options;
    if (job.metrics === null) return;
    if (this.#history === null) {
      // Without it they would say that there never was a success.
      this.#remark('The metrics were not written: the history of the job could not be read.');
      return;
    }
    const { lastSuccessAt } = this.#history;
    try {
      const text = metricsText(end, { lastSuccessAt, notificationFailures: failures });
      await writeMetrics(job.metrics, { job: job.name, text });
    } catch (error) {
      if (!(error instanceof PurgeError)) throw error;
      this.#remark(`The metrics were not written: ${error.message}`);
    }
  }

  #remark(sentence: string): void {
    this.#remarks.push(sentence);
    this.#options.watch?.onRemark?.(sentence);
  }
}

function exitNameOf(code: number): ExitName {
  for (const [name, value] of Object.entries(EXIT_CODES)) {
    // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- a name of the table itself
    if (value === code) return name as ExitName;
  }
  return 'bug';
}
