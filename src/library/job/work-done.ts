import type { JobEnd } from '../../job/job.ts';
import type { Summary } from '../../types.ts';
import type { JobRunRecord } from '../../store/job-history.ts';
import { JobTally } from './job-tally.ts';
import type { WorkEnd } from './work-end.ts';

/** What one run of a job has done so far: it counts also when an error ends the job. */
export class WorkDone {
  readonly tally: JobTally;
  /** The runs that were carried out, with their results. */
  readonly runs: JobEnd['runs'][number][] = [];
  readonly remarks: string[] = [];
  /** How what was interrupted ended, as far as it was finished. */
  continued: WorkEnd | null = null;
  readonly #plans = new Map<string, JobRunRecord['runs'][number]>();
  readonly #onRemark: (sentence: string) => void;

  constructor(monotonic: () => number, onRemark: (sentence: string) => void) {
    this.tally = new JobTally(monotonic);
    this.#onRemark = onRemark;
  }

  /** The runs that it worked on and the plans that it made, refused ones included. */
  get plans(): JobRunRecord['runs'] {
    return [...this.#plans.values()];
  }

  planned(runId: string, planned: number): void {
    this.#plans.set(runId, { runId, planned, complete: false });
  }

  ended(folder: string, summary: Summary, continued: boolean): void {
    const { runId, planned, complete } = summary;
    this.runs.push({ continued, folder, summary });
    this.#plans.set(runId, { runId, planned, complete });
  }

  remark(sentence: string): void {
    this.remarks.push(sentence);
    this.#onRemark(sentence);
  }
}
