import { EXIT_CODES, PurgeError, type ExitName } from '../../errors.ts';
import type { JobEnd, JobTrigger, NotificationFailure } from '../../job/job.ts';
import { notifyEnd, notifyStart, type NotifyOptions } from '../../job/notify.ts';
import { scrubberFor } from '../../scrub.ts';
import { readJobHistory, recordJobRun, type JobHistory } from '../../store/job-history.ts';
import { takeLock, targetLock } from '../../store/target-lock.ts';
import { checkKey, keyFingerprint } from '../../tavus/target.ts';
import { DEFAULT_BASE_URL } from '../defaults.ts';
import { pruneOldRuns, recordEnd, writeEndMetrics } from './after-work.ts';
import { baseUrlOf } from './base-url-of.ts';
import { endOfError } from './end-of-error.ts';
import { measureBacklog } from './job-backlog.ts';
import { startRefusals, throwRefusal } from './job-guards.ts';
import type { JobResult, RunJobOptions } from './job-options.ts';
import { JobWork } from './job-work.ts';
import { WorkDone } from './work-done.ts';
import type { WorkEnd } from './work-end.ts';

/** A job that is started, with all that was left to a default. */
export type StartedJob = RunJobOptions &
  Required<Pick<RunJobOptions, 'environment' | 'clock' | 'command'>> & {
    /** Ms since 1970. */
    readonly startedAt: number;
  };

/** One run of a job that has its lock: what is known of it, as far as it has come. */
export class JobRun {
  readonly #options: StartedJob;
  readonly #trigger: JobTrigger;
  readonly #done: WorkDone;
  readonly #notify: { -readonly [Name in keyof NotifyOptions]: NotifyOptions[Name] };
  #baseUrl: string;
  /** `null`: not read yet, or unreadable. */
  #history: JobHistory | null = null;
  #isRecorded = false;
  #started: Promise<readonly NotificationFailure[]> = Promise.resolve([]);

  constructor(options: StartedJob) {
    const { job, clock, environment, forceSignal, watch, trigger = '', reason = '' } = options;
    this.#options = options;
    this.#trigger = { trigger, reason };
    this.#done = new WorkDone(clock.monotonic, (sentence) => watch?.onRemark?.(sentence));
    this.#notify = { environment, clock, ...(forceSignal === undefined ? {} : { signal: forceSignal }) };
    this.#baseUrl = job.baseUrl ?? DEFAULT_BASE_URL;
  }

  async run(): Promise<JobResult> {
    let thrown: unknown;
    const workEnd = await this.#carryOut().catch((error: unknown): WorkEnd => {
      thrown = error;
      const { continued, tally } = this.#done;
      return endOfError(error, { continued, sent: tally.sent });
    });
    const end = await this.#endOf(workEnd);
    if (this.#isRecorded) recordEnd(this.#options.stateDir, end, this.#done);
    const failures = await this.#tell(end);
    await writeEndMetrics(this.#options.job, end, {
      history: this.#history,
      failures,
      done: this.#done,
    });
    return {
      end,
      notificationFailures: failures,
      remarks: this.#done.remarks,
      details: thrown instanceof PurgeError ? thrown.details : [],
      bug: thrown instanceof PurgeError ? undefined : thrown,
    };
  }

  async #carryOut(): Promise<WorkEnd> {
    const { job, stateDir, findKey, startedAt } = this.#options;
    const history = readJobHistory(stateDir, job.name);
    this.#history = history;
    const [refusal] = startRefusals(job, history, startedAt);
    recordJobRun(stateDir, { job: job.name, startedAt, endedAt: null, exitCode: null, runs: [] });
    this.#isRecorded = true;
    this.#baseUrl = baseUrlOf(job, this.#options.baseUrl);
    throwRefusal([refusal ?? null]);
    const apiKey = checkKey(findKey());
    this.#notify.scrub = scrubberFor(apiKey);
    const target = { baseUrl: this.#baseUrl, keyFingerprint: keyFingerprint(apiKey) };
    const since = new Date(startedAt).toISOString();
    // Only to see whether it is free: a run of this job or by hand takes it when it begins.
    takeLock(targetLock(stateDir, target), { runId: `the job ${job.name}`, since })[Symbol.dispose]();
    this.#started = notifyStart(job, this.#trigger, this.#notify);
    const work = { ...this.#options, apiKey, baseUrl: this.#baseUrl, history, done: this.#done };
    const end = await new JobWork(work).carryOut();
    await pruneOldRuns(this.#options, this.#done);
    return end;
  }

  async #endOf({ exitCode, why, next }: WorkEnd): Promise<JobEnd> {
    const { job, stateDir, startedAt, clock } = this.#options;
    const { runs, tally } = this.#done;
    const where = { stateDir, baseUrl: this.#baseUrl, now: clock.now };
    return {
      job: job.name,
      ...this.#trigger,
      startedAt,
      finishedAt: clock.now(),
      exitCode,
      exitName: exitNameOf(exitCode),
      why,
      next,
      runs,
      backlog: await measureBacklog(job, where, tally.notFound),
      pausedMs: tally.pausedMs,
      requests: tally.requests,
    };
  }

  async #tell(end: JobEnd): Promise<readonly NotificationFailure[]> {
    // Somebody else is at work: whoever started this one must not wait for a slow service.
    const isLocked = end.exitCode === EXIT_CODES.locked;
    if (isLocked) this.#notify.limits = { tries: 1, tryMs: 500, totalMs: 500 };
    const failures = [...(await this.#started), ...(await notifyEnd(this.#options.job, end, this.#notify))];
    for (const { channel, event, problem } of failures) {
      this.#done.remark(`The ${event} notification by ${channel} was not delivered: ${problem}`);
    }
    return failures;
  }
}

function exitNameOf(code: number): ExitName {
  for (const [name, value] of Object.entries(EXIT_CODES)) {
    // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- a name of the table itself
    if (value === code) return name as ExitName;
  }
  return 'bug';
}
