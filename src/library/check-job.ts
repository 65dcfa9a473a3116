import { access, constants } from 'node:fs/promises';
import { dirname } from 'node:path';
import { PurgeError, rethrowBug } from '../errors.ts';
import { expandOut } from '../job/out-template.ts';
import { checkNotify } from '../job/notify-check.ts';
import { describeWindow, windowRefusal } from '../job/window.ts';
import { checkMetricsFile } from '../job/write-metrics.ts';
import { openHolds } from '../manifest/hold-files.ts';
import { counted } from '../numbers.ts';
import { storageErrorFrom, systemCodeOf } from '../storage-error.ts';
import { readJobHistory } from '../store/job-history.ts';
import { systemClock } from '../system-clock.ts';
import { checkKey, keyFingerprint } from '../tavus/target.ts';
import { clockRefusal } from '../job/check-clock.ts';
import { baseUrlOf } from './job/base-url-of.ts';
import { waitingManifests } from './job/job-manifests.ts';
import type { JobOptions } from './job/job-options.ts';

/** One thing that a run of a job needs. */
export interface JobCheck {
  /** `API key`, `manifests` … */
  readonly what: string;
  /** What was found: a phrase, or what is wrong with it. */
  readonly found: string;
  /** `null`: it is fine. */
  readonly problem: PurgeError | null;
}

/**
 * Whether a run of the job would find what it needs: key, manifests, holds, folders, notifications, metrics; and when its
 * window is open. Sends nothing, and runs nothing.
 */
export async function checkJob(options: JobOptions): Promise<readonly JobCheck[]> {
  const { job, stateDir, environment = {}, clock = systemClock } = options;
  const { window, metrics, out, limits } = job;
  const now = clock.now();
  const checks: JobCheck[] = [];
  const check = async (what: string, look: () => string | Promise<string>): Promise<void> => {
    try {
      checks.push({ what, found: await look(), problem: null });
    } catch (error) {
      rethrowBug(error);
      checks.push({ what, found: error.message, problem: error });
    }
  };
  await check('limits', () => {
    const hard = limits.hardDeletions === 0 ? 'none of them hard' : `${limits.hardDeletions} of them hard`;
    return `at most ${counted(limits.deletions, 'deletion')}, ${hard}, growth ${limits.growth}`;
  });
  await check('API', () => baseUrlOf(job, options.baseUrl));
  await check('API key', () => keyFingerprint(checkKey(options.findKey())));
  await check('manifests', async () => {
    const files = await waitingManifests(job);
    return files.length === 0 ? 'none at the moment' : `${counted(files.length, 'file')} at the moment`;
  });
  await check('holds', async () => {
    const summaries = (await openHolds(job.holds, { now: clock.now })).summaries();
    const entries = summaries.reduce((sum, each) => sum + each.entries, 0);
    return summaries.length === 0 ? 'none' : counted(entries, 'hold');
  });
  await check('state folder', async () => `${stateDir}${await firstWritable(stateDir)}`);
  if (out !== null) {
    const of = { job: job.name, runId: 'run', startedAt: now, timeZone: window?.timeZone ?? null };
    await check('out', async () => `${out}${await firstWritable(expandOut(out, of))}`);
  }
  if (metrics !== null) {
    await check('metrics', async () => {
      await checkMetricsFile(metrics, job.name);
      return metrics;
    });
  }
  const told = Object.entries(job.notify).filter(([, channel]) => channel !== null);
  const problems = await checkNotify(job, environment);
  for (const problem of problems) checks.push({ what: 'notify', found: problem.message, problem });
  if (problems.length === 0) {
    await check('notify', () => (told.length === 0 ? 'nobody' : told.map(([channel]) => channel).join(', ')));
  }
  await check('clock', () => {
    const refusal = clockRefusal(now, readJobHistory(stateDir, job.name).lastStartAt);
    if (refusal !== null) throw new PurgeError('refused', refusal.why, { next: refusal.next });
    return new Date(now).toISOString();
  });
  await check('window', () => {
    if (window === null) return 'always open';
    const closed = windowRefusal(window, now);
    return closed === null ? `${describeWindow(window)}; it is open` : closed.why;
  });
  return checks;
}

/** Empty, or what will be made; throws a `storage` PurgeError when that cannot be. */
async function firstWritable(folder: string): Promise<string> {
  for (let path = folder; ; path = dirname(path)) {
    try {
      await access(path, constants.W_OK | constants.X_OK);
      return path === folder ? '' : ' (is made when it is needed)';
    } catch (error) {
      if (systemCodeOf(error) !== 'ENOENT' || path === dirname(path)) {
        throw storageErrorFrom('write into', path, error);
      }
    }
  }
}
