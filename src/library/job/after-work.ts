/** What follows the work of a job. None of it changes how the job ended: what fails is remarked. */
import { rethrowBug } from '../../errors.ts';
import type { Job, JobEnd, NotificationFailure } from '../../job/job.ts';
import { metricsText } from '../../job/metrics-text.ts';
import { writeMetrics } from '../../job/write-metrics.ts';
import type { Clock } from '../../ports.ts';
import { recordJobRun, type JobHistory } from '../../store/job-history.ts';
import { pruneRuns } from '../prune-runs.ts';
import type { WorkDone } from './work-done.ts';

/** Removes the run folders of the job that its `keep` no longer keeps. */
export async function pruneOldRuns(
  { job, stateDir, clock }: { readonly job: Job; readonly stateDir: string; readonly clock: Clock },
  done: WorkDone,
): Promise<void> {
  if (job.keep === null) return;
  try {
    const runs = await pruneRuns({ stateDir, keep: job.keep, job: job.name, now: clock.now });
    for (const { runId, action, why } of runs) {
      if (action === 'failed') done.remark(`The old run ${runId} could not be removed: ${why}`);
    }
  } catch (thrown) {
    // Old folders can go another day.
    rethrowBug(thrown);
    done.remark(`Old runs could not be removed: ${thrown.message}`);
  }
}

/** Records the end of a start that is recorded already. */
export function recordEnd(stateDir: string, end: JobEnd, done: WorkDone): void {
  const { job, startedAt, finishedAt: endedAt, exitCode } = end;
  try {
    recordJobRun(stateDir, { job, startedAt, endedAt, exitCode, runs: done.plans });
  } catch (thrown) {
    // The run folders hold the same; what is missing here is taken over from them.
    rethrowBug(thrown);
    done.remark(`The end of the job could not be recorded: ${thrown.message}`);
  }
}

/** Writes the metrics file of the job, if it has one. `history` is that before this run; `null`: it cannot be read. */
export async function writeEndMetrics(
  job: Job,
  end: JobEnd,
  {
    history,
    failures,
    done,
  }: {
    readonly history: JobHistory | null;
    readonly failures: readonly NotificationFailure[];
    readonly done: WorkDone;
  },
): Promise<void> {
  if (job.metrics === null) return;
  if (history === null) {
    // Without it they would say that there never was a success.
    done.remark('The metrics were not written: the history of the job could not be read.');
    return;
  }
  try {
    const { lastSuccessAt } = history;
    const text = metricsText(end, { lastSuccessAt, notificationFailures: failures });
    await writeMetrics(job.metrics, { job: job.name, text });
  } catch (thrown) {
    rethrowBug(thrown);
    done.remark(`The metrics were not written: ${thrown.message}`);
  }
}
