import { PurgeError } from '../../errors.ts';
import type { Job } from '../../job/job.ts';
import type { PlanOptions, SavedPlan } from '../../library.ts';
import { planPurge } from '../plan-purge.ts';
import { findBadManifests, waitingManifests, type BadManifest } from './job-manifests.ts';

export interface PlannedJob {
  /** `null`: there is no manifest that could be planned. */
  readonly plan: SavedPlan | null;
  /** Manifests of a drop folder that were left out, since they are wrong. */
  readonly bad: readonly BadManifest[];
}

/**
 * Plans what the manifests of a job hold now, with the job's limits as its caps. In a drop folder (`processed: move`) a
 * wrong manifest does not keep the others from being planned; else it throws the `usage` PurgeError of the planner.
 */
export async function planJob(
  job: Job,
  where: Pick<PlanOptions, 'stateDir' | 'apiKey' | 'signal'> & { readonly baseUrl: string },
): Promise<PlannedJob> {
  const files = await waitingManifests(job);
  if (files.length === 0) return { plan: null, bad: [] };
  try {
    return { plan: await planFiles(job, files, where), bad: [] };
  } catch (error) {
    if (!(error instanceof PurgeError) || error.kind !== 'usage' || job.processed === 'keep') throw error;
    const bad = await findBadManifests(job, files);
    // The reason lies elsewhere, in a hold file for example.
    if (bad.length === 0) throw error;
    const good = files.filter((file) => !bad.some((each) => each.file === file));
    return { plan: good.length === 0 ? null : await planFiles(job, good, where), bad };
  }
}

function planFiles(
  job: Job,
  manifests: readonly string[],
  where: Pick<PlanOptions, 'stateDir' | 'apiKey' | 'signal'> & { readonly baseUrl: string },
): Promise<SavedPlan> {
  const { kind, mode, map, holds, limits, settings } = job;
  return planPurge({
    ...where,
    manifests,
    ...(kind === null ? {} : { kind }),
    mode,
    map,
    holds,
    guards: { maxDeletions: limits.deletions, maxHard: limits.hardDeletions },
    settings,
    job: job.name,
  });
}
