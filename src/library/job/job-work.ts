import { EXIT_CODES, PurgeError, rethrowBug } from '../../errors.ts';
import { given } from '../../given.ts';
import type { ApplyOptions, RunEnd, RunInfo, SavedPlan } from '../../library.ts';
import { counted } from '../../numbers.ts';
import type { Clock, OnEvent } from '../../ports.ts';
import type { JobHistory } from '../../store/job-history.ts';
import { applyWith } from '../apply-plan.ts';
import { DEFAULT_SETTINGS, settingsOf } from '../defaults.ts';
import { listRuns, showRun } from '../inspect-runs.ts';
import { liveRun, type RunHooks } from '../live-run.ts';
import type { CommandOf } from '../plain-command.ts';
import { resumeWith } from '../resume-run.ts';
import { jobDeadline, type JobDeadline } from './job-deadline.ts';
import { continueRefusal, growthVerdict, limitRefusal, rowsLeft, throwRefusal } from './job-guards.ts';
import { rejectManifest } from './job-manifests.ts';
import type { RunJobOptions } from './job-options.ts';
import { planJob } from './plan-job.ts';
import { checkOut, publishing } from './publish-run.ts';
import { wholeEnd } from './whole-end.ts';
import type { WorkDone } from './work-done.ts';
import { endOfRun, worseOf, type WorkEnd } from './work-end.ts';

export interface WorkOptions extends Omit<RunJobOptions, 'findKey' | 'clock' | 'command'> {
  readonly apiKey: string;
  readonly baseUrl: string;
  readonly clock: Clock;
  readonly command: CommandOf;
  readonly history: JobHistory;
  readonly done: WorkDone;
}

/** The work of one run of a job: what was left over first, then what its manifests hold now. */
export class JobWork {
  readonly #options: WorkOptions;
  readonly #done: WorkDone;
  readonly #deadline: JobDeadline;
  readonly #hooks: RunHooks;
  /** The command that starts the job again. */
  readonly #again: string;
  #moved = 0;
  #stayed = 0;

  constructor(options: WorkOptions) {
    const { job, clock, command, done } = options;
    this.#options = options;
    this.#done = done;
    this.#deadline = jobDeadline(job, clock);
    this.#hooks = { publish: publishing(job, (sentence) => done.remark(sentence)) };
    this.#again = command(['job', 'run', job.file]);
  }

  /** Continues and plans and carries out, in this order. Throws a PurgeError for what ends the job before its work is done. */
  async carryOut(): Promise<WorkEnd> {
    const continued = await this.#continueInterrupted();
    if (
      continued !== null &&
      continued.exitCode !== EXIT_CODES.ok &&
      continued.exitCode !== EXIT_CODES.partial
    ) {
      return continued;
    }
    const plan = await this.#plan();
    const applied = plan === null ? null : await this.#apply(plan);
    const { job, command } = this.#options;
    return wholeEnd(
      [continued, applied].filter((end) => end !== null),
      {
        onEmpty: job.onEmpty,
        isEmpty: this.#done.runs.every(({ summary }) => summary.planned === 0),
        sent: this.#done.tally.sent,
        moved: this.#moved,
        stayed: this.#stayed,
        planCommand: command(['job', 'plan', job.file]),
      },
    );
  }

  /** What was planned before is finished before anything new is, whatever the manifests say now. */
  async #continueInterrupted(): Promise<WorkEnd | null> {
    const { job, stateDir } = this.#options;
    const left = await listRuns({
      stateDir,
      job: job.name,
      states: ['interrupted', 'stopped', 'running'],
      onUnreadable: (folder, error) => this.#done.remark(`The run ${folder} is left out: ${error.message}`),
    });
    for (const info of left.toReversed()) {
      const { summary } = await this.#continue(info);
      if (!summary.complete) break;
    }
    return this.#done.continued;
  }

  async #continue(info: RunInfo): Promise<RunEnd> {
    const { job, stateDir, apiKey, baseUrl, command } = this.#options;
    const { runId, summary } = info;
    throwRefusal([continueRefusal(job, info, command(['resume', runId]))]);
    this.#done.remark(
      `The run ${runId} was interrupted and is finished first, as it was planned (${counted(rowsLeft(summary), 'row')} left); the manifests are planned after it.`,
    );
    if (summary !== null) await checkOut(job, summary);
    // As the job file says now, also where it says nothing any more.
    const { rate, concurrency, timeoutMs } = settingsOf(DEFAULT_SETTINGS, job.settings);
    const settings = { rate, concurrency, timeoutMs, maxDurationMs: this.#deadline.leftMs() };
    const run = { stateDir, run: runId, apiKey, baseUrl, settings, holds: job.holds, ...this.#life() };
    const end = await this.#follow(runId, true, (onEvent) => resumeWith(run, onEvent, this.#hooks));
    const { continued } = this.#done;
    this.#done.continued = continued === null ? this.#told(end) : worseOf(continued, this.#told(end));
    return end;
  }

  /** `null`: there is no manifest that can be planned. */
  async #plan(): Promise<SavedPlan | null> {
    const { job, stateDir, apiKey, baseUrl, signal, history, command, watch } = this.#options;
    const { plan, bad } = await planJob(job, { stateDir, apiKey, baseUrl, ...given({ signal }) });
    for (const each of bad) {
      const { said, isMoved } = await rejectManifest(each);
      this.#done.remark(said);
      if (isMoved) this.#moved += 1;
      else this.#stayed += 1;
    }
    if (plan === null) return null;
    const { runId, header } = plan;
    watch?.onPlan?.(plan);
    const growth = growthVerdict(job, history, header);
    this.#done.planned(runId, header.planned);
    throwRefusal([limitRefusal(job, header), growth.refusal], command(['runs', 'show', runId]));
    if (signal?.aborted === true) {
      throw new PurgeError('interrupted', 'Interrupted before the first request; nothing was sent.', {
        next: this.#again,
      });
    }
    return plan;
  }

  /** A plan with nothing in it is carried out as well: its results say why, and its manifests are done. */
  async #apply({ runId, header }: SavedPlan): Promise<WorkEnd> {
    const { job, stateDir, apiKey, baseUrl, clock } = this.#options;
    await checkOut(job, { runId, startedAt: new Date(clock.now()).toISOString() });
    const settings = { maxDurationMs: this.#deadline.leftMs() };
    // The job file is the standing approval: for the list that was planned a moment ago, and for no other.
    const confirm = header.planId;
    const run = { stateDir, run: runId, apiKey, baseUrl, confirm, settings, ...this.#life() };
    return this.#told(await this.#follow(runId, false, (onEvent) => applyWith(run, onEvent, this.#hooks)));
  }

  #life(): Pick<ApplyOptions, 'trigger' | 'reason' | 'command' | 'signal' | 'forceSignal'> {
    const { trigger, reason, signal, forceSignal } = this.#options;
    // What was planned by the job goes on with the job, which files it away as well.
    const command: CommandOf = (words) =>
      words[0] === 'resume' ? this.#again : this.#options.command(words);
    return { ...given({ trigger, reason, signal, forceSignal }), command };
  }

  async #follow(
    runId: string,
    continued: boolean,
    start: (onEvent: OnEvent) => Promise<RunEnd>,
  ): Promise<RunEnd> {
    const run = liveRun((onEvent) =>
      start((event) => {
        this.#done.tally.add(event);
        onEvent(event);
      }),
    );
    this.#options.watch?.onRun?.(run);
    try {
      const end = await run.finished;
      this.#done.ended(end.folder, end.summary, continued);
      return end;
    } catch (error) {
      await this.#keepAsItIs(runId, continued);
      throw error;
    }
  }

  /** A run that failed after its first request has results all the same. */
  async #keepAsItIs(runId: string, continued: boolean): Promise<void> {
    try {
      const { folder, summary } = await showRun({ stateDir: this.#options.stateDir, run: runId });
      if (summary !== null) this.#done.ended(folder, summary, continued);
    } catch (thrown) {
      // What the run itself failed with says more.
      rethrowBug(thrown);
    }
  }

  #told(end: RunEnd): WorkEnd {
    const { allowNotFound } = this.#done.tally;
    return endOfRun(end, {
      job: this.#options.job,
      again: this.#again,
      over: this.#deadline.over,
      allowNotFound,
    });
  }
}
