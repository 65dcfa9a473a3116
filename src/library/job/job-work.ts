import { EXIT_CODES, PurgeError, type ExitCode } from '../../errors.ts';
import { worstExitCode } from '../../exit-code.ts';
import type { JobEnd } from '../../job/job.ts';
import type { RunEnd, SavedPlan } from '../../library.ts';
import { counted } from '../../numbers.ts';
import type { Clock, OnEvent } from '../../ports.ts';
import type { JobHistory } from '../../store/job-history.ts';
import type { Summary } from '../../types.ts';
import { applyWith } from '../apply-plan.ts';
import { DEFAULT_SETTINGS, settingsOf } from '../defaults.ts';
import { listRuns, showRun } from '../inspect-runs.ts';
import { liveRun, type RunHooks } from '../live-run.ts';
import { fineOutcomes, notFineSentence } from '../not-fine.ts';
import { resumeWith } from '../resume-run.ts';
import { nextAfterStop } from '../stop-advice.ts';
import { jobDeadline, type JobDeadline } from './job-deadline.ts';
import type { WorkEnd } from './end-of-error.ts';
import { continueRefusal, growthVerdict, limitRefusal, rowsLeft, throwRefusal } from './job-guards.ts';
import { rejectManifest } from './job-manifests.ts';
import type { RunJobOptions } from './job-options.ts';
import { JobTally } from './job-tally.ts';
import { planJob, type PlannedJob } from './plan-job.ts';
import { checkOut, outFolder, publishing } from './publish-run.ts';

export interface WorkOptions extends Omit<RunJobOptions, 'findKey' | 'clock' | 'command'> {
  readonly apiKey: string;
  readonly baseUrl: string;
  readonly clock: Clock;
  readonly command: (words: readonly string[]) => string;
  readonly history: JobHistory;
}

/** A run that the job worked on, or a plan that it made and was refused. */
interface WorkedRun {
  readonly runId: string;
  readonly planned: number;
  readonly complete: boolean;
}

/** The work of one run of a job: what was left over first, then what its manifests hold now. What it did is kept also when it throws. */
export class JobWork {
  readonly tally: JobTally;
  readonly runs: JobEnd['runs'][number][] = [];
  readonly worked: WorkedRun[] = [];
  readonly remarks: string[] = [];
  /** How what was interrupted ended, as far as it was finished. */
  continued: WorkEnd | null = null;
  #rejected = 0;
  #stays = 0;
  readonly #options: WorkOptions;
  readonly #deadline: JobDeadline;
  readonly #hooks: RunHooks;

  constructor(options: WorkOptions) {
    this.#options = options;
    this.tally = new JobTally(options.clock.monotonic);
    this.#deadline = jobDeadline(options.job, options.clock);
    this.#hooks = { publish: publishing(options.job, (sentence) => this.#remark(sentence)) };
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
    const planned = await this.#plan();
    const end = planned.plan === null ? null : await this.#apply(planned.plan);
    return this.#summed(continued, end);
  }

  /** What was planned before is finished before anything new is, whatever the manifests say now. */
  async #continueInterrupted(): Promise<WorkEnd | null> {
    const { job, stateDir, apiKey, baseUrl, command } = this.#options;
    const states = ['interrupted', 'stopped', 'running'] as const;
    const left = await listRuns({
      stateDir,
      job: job.name,
      states,
      onUnreadable: (folder, error) => this.#remark(`The run ${folder} is left out: ${error.message}`),
    });
    for (const info of left.toReversed()) {
      const { runId, summary } = info;
      throwRefusal([continueRefusal(job, info, command(['resume', runId]))]);
      const open = rowsLeft(summary);
      this.#remark(
        `The run ${runId} was interrupted and is finished first, as it was planned (${counted(open, 'row')} left); the manifests are planned after it.`,
      );
      if (summary !== null) await checkOut(job, summary);
      // As the job file says now, also where it says nothing any more.
      const { rate, concurrency, timeoutMs } = settingsOf(DEFAULT_SETTINGS, job.settings);
      const settings = { rate, concurrency, timeoutMs, maxDurationMs: this.#deadline.leftMs() };
      const end = await this.#follow(runId, true, (onEvent) =>
        resumeWith(
          {
            stateDir,
            run: runId,
            apiKey,
            baseUrl,
            settings,
            holds: job.holds,
            ...this.#life(),
          },
          onEvent,
          this.#hooks,
        ),
      );
      const partEnd = this.#partEnd(end);
      const worst = this.continued === null ? partEnd : worseOf(this.continued, partEnd);
      this.continued = worst;
      if (!end.summary.complete) return { ...worst, next: worst.next ?? command(['job', 'run', job.file]) };
    }
    return this.continued;
  }

  async #plan(): Promise<PlannedJob> {
    const { job, stateDir, apiKey, baseUrl, signal, history, command, watch } = this.#options;
    const planned = await planJob(job, { stateDir, apiKey, baseUrl, ...given({ signal }) });
    const { plan, bad } = planned;
    for (const each of bad) {
      const { said, isMoved } = await rejectManifest(each);
      this.#remark(said);
      if (isMoved) this.#rejected += 1;
      else this.#stays += 1;
    }
    if (plan === null) return planned;
    const { runId, header } = plan;
    watch?.onPlan?.(plan);
    const growth = growthVerdict(job, history, header);
    this.worked.push({ runId, planned: header.planned, complete: false });
    throwRefusal([limitRefusal(job, header), growth.refusal], command(['runs', 'show', runId]));
    if (signal?.aborted === true) {
      throw new PurgeError('interrupted', 'Interrupted before the first request; nothing was sent.', {
        next: command(['job', 'run', job.file]),
      });
    }
    return planned;
  }

  /** A plan with nothing in it is carried out as well: its results say why, and its manifests are done. */
  async #apply({ runId, header }: SavedPlan): Promise<WorkEnd> {
    const { job, stateDir, apiKey, baseUrl, clock } = this.#options;
    await checkOut(job, { runId, startedAt: new Date(clock.now()).toISOString() });
    const settings = { maxDurationMs: this.#deadline.leftMs() ?? undefined };
    const end = await this.#follow(runId, false, (onEvent) =>
      applyWith(
        // The job file is the standing approval: for the list that was planned a moment ago, and for no other.
        {
          stateDir,
          run: runId,
          apiKey,
          baseUrl,
          confirm: header.planId,
          settings: given(settings),
          ...this.#life(),
        },
        onEvent,
        this.#hooks,
      ),
    );
    return this.#partEnd(end);
  }

  #life(): Pick<RunJobOptions, 'trigger' | 'reason' | 'signal' | 'forceSignal'> {
    const { trigger, reason, signal, forceSignal } = this.#options;
    return given({ trigger, reason, signal, forceSignal });
  }

  async #follow(
    runId: string,
    continued: boolean,
    start: (onEvent: OnEvent) => Promise<RunEnd>,
  ): Promise<RunEnd> {
    const run = liveRun((onEvent) =>
      start((event) => {
        this.tally.add(event);
        onEvent(event);
      }),
    );
    this.#options.watch?.onRun?.(run);
    try {
      const end = await run.finished;
      this.#remember(end.folder, end.summary, continued);
      return end;
    } catch (error) {
      await this.#rememberAsItIs(runId, continued);
      throw error;
    }
  }

  #remember(folder: string, summary: Summary, continued: boolean): void {
    const { runId, planned, complete } = summary;
    this.runs.push({ continued, folder, summary });
    const others = this.worked.filter((each) => each.runId !== runId);
    this.worked.splice(0, Infinity, ...others, { runId, planned, complete });
  }

  /** A run that failed after its first request has results all the same. */
  async #rememberAsItIs(runId: string, continued: boolean): Promise<void> {
    try {
      const { folder, summary } = await showRun({ stateDir: this.#options.stateDir, run: runId });
      if (summary !== null) this.#remember(folder, summary, continued);
    } catch (error) {
      // What the run itself failed with says more.
      if (!(error instanceof PurgeError)) throw error;
    }
  }

  #partEnd({ summary, error, files }: RunEnd): WorkEnd {
    const { job, command } = this.#options;
    const { planned, complete, stopReason, counts } = summary;
    // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- a run ends with one of our exit codes
    const exitCode = summary.exitCode as ExitCode;
    const left = counts.not_attempted + counts.unknown;
    if (!complete) {
      const isOver = stopReason === 'max_duration' && this.#deadline.over !== null;
      const over = `${this.#deadline.over ?? ''}; ${left} of ${counted(planned, 'planned deletion')} are left for the next run.`;
      const why = isOver ? over : (error ?? `${left} of ${counted(planned, 'planned deletion')} are left.`);
      return { exitCode, why, next: nextAfterStop(stopReason, command(['job', 'run', job.file])) };
    }
    if (exitCode === EXIT_CODES.ok) return { exitCode, why: fineSentence(summary), next: null };
    const fine = fineOutcomes({ allowNotFound: this.tally.allowNotFound });
    const out = outFolder(job, summary);
    const isThere = out !== null && job.reports.includes('results.csv');
    const read = `read ${isThere ? `${out}/results.csv` : files.resultsCsv}`;
    return {
      exitCode,
      why: error ?? notFineSentence(summary, fine),
      next: `${read}; the next run tries again what is still in a manifest`,
    };
  }

  #summed(continued: WorkEnd | null, planned: WorkEnd | null): WorkEnd {
    const ends = [continued, planned].filter((end) => end !== null);
    const [first, ...others] = ends;
    const nothing: WorkEnd = { exitCode: EXIT_CODES.ok, why: 'There was nothing to delete.', next: null };
    const end = others.reduce(worseOf, first ?? nothing);
    if (this.#rejected + this.#stays > 0) return this.#withRejected(end, ends.length === 0);
    const isEmpty = this.runs.every(({ summary }) => summary.planned === 0);
    if (!isEmpty || this.#options.job.onEmpty === 'ok' || end.exitCode !== EXIT_CODES.ok) return end;
    return {
      exitCode: EXIT_CODES.usage,
      why: 'There was nothing to delete (onEmpty: fail). Nothing was sent.',
      next: 'see why there is no manifest with something to delete',
    };
  }

  /** Nothing was sent: 2. Else 3, as for rows that are not fine, which they are. */
  #withRejected(end: WorkEnd, isAlone: boolean): WorkEnd {
    const { job, command } = this.#options;
    const moved = `${counted(this.#rejected, 'manifest was', 'manifests were')} refused and moved to rejected/`;
    const stays = `${counted(this.#stays, 'manifest')} cannot be planned and stayed`;
    const rejected = [...(this.#rejected > 0 ? [moved] : []), ...(this.#stays > 0 ? [stays] : [])].join('; ');
    const advice =
      this.#rejected > 0
        ? 'read the reasons beside each in rejected/, and put it back when it is corrected'
        : command(['job', 'plan', job.file]);
    const isFine = end.exitCode === EXIT_CODES.ok;
    const code = this.tally.sent === 0 ? EXIT_CODES.usage : EXIT_CODES.partial;
    return {
      exitCode: isFine ? code : end.exitCode,
      why: isAlone ? `${rejected}.` : `${rejected}; besides: ${end.why}`,
      next: end.next ?? advice,
    };
  }

  #remark(sentence: string): void {
    this.remarks.push(sentence);
    this.#options.watch?.onRemark?.(sentence);
  }
}

/** The worse of two; its sentence, or both where they are alike. */
function worseOf(one: WorkEnd, other: WorkEnd): WorkEnd {
  const worst = worstExitCode(one.exitCode, other.exitCode);
  if (one.exitCode === other.exitCode) {
    return { exitCode: worst, why: `${one.why} Then: ${other.why}`, next: other.next ?? one.next };
  }
  return one.exitCode === worst ? one : other;
}

function fineSentence({ planned, counts, skipped }: Summary): string {
  const left = Object.values(skipped).reduce((sum, count) => sum + count, 0);
  const others = left === 0 ? '' : `, ${counted(left, 'entry', 'entries')} skipped`;
  if (planned === 0) return `There was nothing to delete${others}.`;
  const deleted = counts.deleted + counts.deleted_inferred;
  const more = deleted === planned ? '' : ` of ${planned}`;
  return `${deleted}${more} deleted${others}.`;
}

type Given<T> = { [Name in keyof T]?: Exclude<T[Name], undefined> };

/** Without what is `undefined`: for the library, an option that is not given is not there. */
function given<T extends object>(options: T): Given<T> {
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- the same names and values, less the undefined ones
  return Object.fromEntries(Object.entries(options).filter(([, value]) => value !== undefined)) as Given<T>;
}
