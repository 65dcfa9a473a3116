import { PurgeError } from '../../errors.ts';
import type { Job } from '../../job/job.ts';
import { parseBaseUrl } from '../../tavus/target.ts';
import { DEFAULT_BASE_URL } from '../defaults.ts';

/** The API that a job deletes at. Throws a `usage` PurgeError when the job file and the operator name two. */
export function baseUrlOf({ baseUrl }: Pick<Job, 'baseUrl'>, given: string | undefined): string {
  const other = given === undefined ? null : parseBaseUrl(given);
  if (baseUrl !== null && other !== null && other !== baseUrl) {
    throw new PurgeError('usage', `The job file is for ${baseUrl}, but ${other} is asked for.`, {
      next: 'leave out --base-url and TAVUS_BASE_URL, or baseUrl in the job file',
    });
  }
  return baseUrl ?? other ?? DEFAULT_BASE_URL;
}
