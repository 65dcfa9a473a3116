import { rename, rm } from 'node:fs/promises';
import type { JobRefusal } from '../job/refusal.ts';
import type { RunInfo, SavedPlan } from '../library.ts';
import { createPrivateFolder } from '../safe-files.ts';
import { naming } from '../storage-error.ts';
import { readJobHistory } from '../store/job-history.ts';
import { pruningFolder } from '../store/run-folders.ts';
import { isLocked, jobLock } from '../store/target-lock.ts';
import { systemClock } from '../system-clock.ts';
import { listRuns } from './inspect-runs.ts';
import { baseUrlOf } from './job/base-url-of.ts';
import { continueRefusal, growthVerdict, limitRefusal, startRefusals } from './job/job-guards.ts';
import type { BadManifest } from './job/job-manifests.ts';
import type { JobOptions } from './job/job-options.ts';
import { planJob } from './job/plan-job.ts';
import { plainCommand } from './plain-command.ts';

/** What a run of the job would do at this moment. */
export interface JobPreview {
  /** Whether the job is at work: a run would end at once (exit 7). */
  readonly isAtWork: boolean;
  /** Runs that would be continued first, oldest first. */
  readonly interrupted: readonly RunInfo[];
  /** What would be planned; nothing of it is kept. `null`: there is no manifest that can be planned. */
  readonly plan: SavedPlan | null;
  /** Manifests of a drop folder that would go to `rejected/`. */
  readonly bad: readonly BadManifest[];
  /** What the size of the plan was compared with; `null` without a plan. */
  readonly growth: string | null;
  /** Why a run would be refused: clock, window, limits, growth. */
  readonly refusals: readonly JobRefusal[];
}

/** What `runJob` would do now, by the same rules. Sends nothing, moves nothing, and leaves no plan behind. */
export async function previewJob(options: JobOptions): Promise<JobPreview> {
  const { job, stateDir, clock = systemClock, signal, command = plainCommand } = options;
  const baseUrl = baseUrlOf(job, options.baseUrl);
  await createPrivateFolder(stateDir);
  const history = readJobHistory(stateDir, job.name);
  const refusals = [...startRefusals(job, history, clock.now())];
  const states = ['interrupted', 'stopped'] as const;
  const interrupted = (await listRuns({ stateDir, job: job.name, states })).toReversed();
  for (const info of interrupted) {
    const refusal = continueRefusal(job, info, command(['resume', info.runId]));
    if (refusal !== null) refusals.push(refusal);
  }
  const where = { stateDir, baseUrl, ...(signal === undefined ? {} : { signal }) };
  const { plan, bad } = await planJob(job, where);
  let growth: string | null = null;
  if (plan !== null) {
    await forget(stateDir, plan);
    const verdict = growthVerdict(job, history, plan.header);
    growth = verdict.said;
    refusals.push(...[limitRefusal(job, plan.header), verdict.refusal].filter((each) => each !== null));
  }
  return { isAtWork: isLocked(jobLock(stateDir, job.name)), interrupted, plan, bad, growth, refusals };
}

/** Under the name of what is being removed first, so that half of it is never taken for a plan. */
async function forget(stateDir: string, { runId, folder }: SavedPlan): Promise<void> {
  const doomed = pruningFolder(stateDir, runId);
  await naming('remove', folder, () => rename(folder, doomed));
  await naming('remove', doomed, () => rm(doomed, { recursive: true, force: true }));
}
