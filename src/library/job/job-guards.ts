import { PurgeError } from '../../errors.ts';
import { clockRefusal } from '../../job/check-clock.ts';
import { judgeGrowth, type GrowthVerdict } from '../../job/growth.ts';
import type { Job } from '../../job/job.ts';
import type { JobRefusal } from '../../job/refusal.ts';
import { windowRefusal } from '../../job/window.ts';
import { counted } from '../../numbers.ts';
import type { RunInfo } from '../../library.ts';
import type { JobHistory } from '../../store/job-history.ts';
import type { PlanHeader } from '../../types.ts';

/** Why the job may not start at this moment (ms since 1970): its clock, then its window. */
export function startRefusals(job: Job, history: JobHistory, now: number): readonly JobRefusal[] {
  // Of this job alone: a time that was wrong once must not stop every job of the state folder for good.
  const clock = clockRefusal(now, history.lastStartAt);
  const window = job.window === null ? null : windowRefusal(job.window, now);
  return [clock, window].filter((refusal) => refusal !== null);
}

/** Why this plan is more than the job file approves; `null` when it is not. */
export function limitRefusal(job: Job, header: PlanHeader): JobRefusal | null {
  const { planned, counts } = header;
  const { deletions, hardDeletions } = job.limits;
  const hard = counts.reduce((sum, { mode, count }) => (mode === 'hard' ? sum + count : sum), 0);
  const problems = [
    ...(planned > deletions
      ? [`the plan has ${counted(planned, 'deletion')}, limits.deletions allows ${deletions}`]
      : []),
    ...(hard > hardDeletions
      ? [`the plan has ${counted(hard, 'hard deletion')}, limits.hardDeletions allows ${hardDeletions}`]
      : []),
  ];
  if (problems.length === 0) return null;
  const next =
    'look at the plan; if it is right, raise the limit in the job file, else correct the manifests';
  return { why: problems.join('; '), next };
}

/**
 * Why a run that was interrupted is not continued: the job file, whose limits approved it, no longer does. `null` when it
 * still does, or when there is nothing left to delete. `resume` is the command that continues it by hand.
 */
export function continueRefusal(
  job: Job,
  { runId, header, summary }: Pick<RunInfo, 'runId' | 'header' | 'summary'>,
  resume: string,
): JobRefusal | null {
  const refusal = rowsLeft(summary) === 0 ? null : limitRefusal(job, header);
  if (refusal === null) return null;
  return {
    why: `the interrupted run ${runId} is more than the job file allows now: ${refusal.why}`,
    next: `${resume} finishes it by hand; if it is no longer wanted, put what is left of it on hold and raise the limit again`,
  };
}

/** How many rows of an interrupted run have no outcome yet. */
export function rowsLeft(summary: RunInfo['summary']): number {
  return (summary?.counts.not_attempted ?? 0) + (summary?.counts.unknown ?? 0);
}

/** Whether the plan is much larger than those before. */
export function growthVerdict(job: Job, history: JobHistory, header: PlanHeader): GrowthVerdict {
  const { planned } = header;
  return judgeGrowth({ planned, history: history.planned.toReversed(), growth: job.limits.growth });
}

/** Throws the first refusal, if there is one; `show` is the command that shows the plan. */
export function throwRefusal(refusals: readonly (JobRefusal | null)[], show?: string): void {
  const refusal = refusals.find((each) => each !== null);
  if (refusal === undefined || refusal === null) return;
  // A run that was interrupted may have been finished before this plan.
  const sent = show === undefined ? 'Nothing was sent.' : 'Nothing of it was sent.';
  const why = `${refusal.why.charAt(0).toUpperCase()}${refusal.why.slice(1)}. ${sent}`;
  throw new PurgeError('refused', why, {
    next: show === undefined ? refusal.next : `${show}: ${refusal.next}`,
  });
}
