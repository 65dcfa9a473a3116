import { join } from 'node:path';
import type { Job } from '../job/job.ts';
import { readJobFile } from '../job/read-job-file.ts';
import { createPrivateFolder } from '../safe-files.ts';
import { jobLock, LOCKS, takeLock } from '../store/target-lock.ts';
import { systemClock } from '../system-clock.ts';
import { parseBaseUrl } from '../tavus/target.ts';
import type { JobResult, RunJobOptions } from './job/job-options.ts';
import { JobRun } from './job/job-run.ts';
import { plainCommand } from './plain-command.ts';

/** The job that a job file describes. Throws a `usage` PurgeError that lists every problem with its place. */
export function readJob(path: string): Promise<Job> {
  return readJobFile(path, { parseBaseUrl });
}

/**
 * One run of a job, from its lock to its notifications: an interrupted run is continued, then the manifests are planned
 * and, within the limits of the job file, carried out. Resolves however it ends; rejects with a `locked` PurgeError, at
 * once and having told nobody, while another process is at the job, and with any error before the job's lock is taken.
 */
export async function runJob(options: RunJobOptions): Promise<JobResult> {
  const { job, stateDir, trigger, environment = {}, clock = systemClock, command = plainCommand } = options;
  const startedAt = clock.now();
  await createPrivateFolder(stateDir);
  await createPrivateFolder(join(stateDir, LOCKS));
  const by = trigger ? `started by ${trigger}` : 'its last start';
  using _ = takeLock(jobLock(stateDir, job.name), { runId: by, since: new Date(startedAt).toISOString() });
  return await new JobRun({ ...options, environment, clock, command, startedAt }).run();
}
