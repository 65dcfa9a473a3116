import { requireKey } from '../api-key.ts';
import type { CommandContext } from '../command-context.ts';
import { followRun } from '../follow-run.ts';
import { resumeOptions } from '../library-options.ts';

/** `resume`: continues an interrupted run. */
export async function runResume(context: CommandContext): Promise<number> {
  const { key } = requireKey(context.settings, context.env);
  context.terminal.protect(key);
  const { resumeRun } = await import('../../library.ts');
  return followRun(context, resumeRun(resumeOptions(context, key)));
}
