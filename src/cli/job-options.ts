import type { Job } from '../job/job.ts';
import type { JobOptions } from '../library/job/job-options.ts';
import type { CommandContext } from './command-context.ts';
import { jobKey } from './job-key.ts';
import { nextCommand } from './next-command.ts';
import { isGiven } from './settings.ts';

/** What a job needs that its file does not say, from this command line. */
export function jobOptions(context: CommandContext, job: Job): JobOptions {
  const { settings, stateDir, env, stop } = context;
  return {
    job,
    stateDir,
    findKey: () => jobKey(context, job),
    ...(isGiven(settings, 'baseUrl') ? { baseUrl: settings.values.baseUrl } : {}),
    environment: env,
    command: (words) => nextCommand(context, words),
    signal: stop,
  };
}
