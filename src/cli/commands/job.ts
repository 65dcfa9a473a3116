import { PurgeError } from '../../errors.ts';
import type { CommandContext } from '../command-context.ts';
import { JOB_ACTIONS } from '../commands.ts';
import { kebabName, type OptionName } from '../options.ts';
import { isFlag } from '../settings.ts';

/** `job run|plan|check <job.yaml>`. */
export async function runJobCommand(context: CommandContext): Promise<number> {
  const [word, file = ''] = context.words;
  const action = JOB_ACTIONS.find((known) => known === word) ?? 'check';
  refuseRunOptions(context, action);
  if (action === 'run') return (await import('./job-run.ts')).runJobNow(context, file);
  if (action === 'plan') return (await import('./job-plan.ts')).showJobPlan(context, file);
  return (await import('./job-check.ts')).showJobChecks(context, file);
}

/** What would change nothing was meant to change something. */
function refuseRunOptions({ settings }: CommandContext, action: string): void {
  const ofRun: readonly OptionName[] = ['trigger', 'reason', 'quiet', 'noProgress'];
  const surplus = action === 'run' ? undefined : ofRun.find((name) => isFlag(settings, name));
  if (surplus === undefined) return;
  throw new PurgeError('usage', `--${kebabName(surplus)} is not an option of job ${action}.`, {
    next: 'leave it out; it belongs to job run',
  });
}
