import type { Job } from '../job/job.ts';
import { checkKey, checkTlsEnvironment } from '../tavus/target.ts';
import { readKeyFile, requireKey } from './api-key.ts';
import type { CommandContext } from './command-context.ts';
import { isFlag } from './settings.ts';

/**
 * The API key for a job: of the file named by a flag, else by the job file, else as for any other command. From here on it
 * leaves the process in no text. Throws a `usage` PurgeError, also for an environment that weakens TLS.
 */
export function jobKey({ settings, env, terminal }: CommandContext, job: Job): string {
  checkTlsEnvironment(env);
  const { apiKeyFile } = job;
  const isOfJob = apiKeyFile !== null && !isFlag(settings, 'apiKeyFile');
  const key = isOfJob ? checkKey(readKeyFile(apiKeyFile)) : requireKey(settings, env).key;
  terminal.protect(key);
  return key;
}
