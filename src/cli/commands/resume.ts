import { keyFingerprint } from '../../tavus/target.ts';
import { requireKey } from '../api-key.ts';
import type { CommandContext } from '../command-context.ts';
import { followRun } from '../follow-run.ts';
import { resumeOptions } from '../library-options.ts';

/** `resume`: continues an interrupted run. */
export async function runResume(context: CommandContext): Promise<number> {
  const { key } = requireKey(context.settings, context.env);
  context.terminal.protect(key);
  const { lastKeyOf, resumeRun } = await import('../../library/resume-run.ts');
  const [run] = context.words;
  if (run !== undefined) {
    sayIfKeyChanged(context, await lastKeyOf({ stateDir: context.stateDir, run }), keyFingerprint(key));
  }
  return followRun(context, resumeRun(resumeOptions(context, key)));
}

/** A run may be continued with a new key, the cure of a refused one; the operator should know which is used. */
function sayIfKeyChanged({ terminal }: CommandContext, before: string | undefined, now: string): void {
  if (before === undefined || before === now) return;
  terminal.say(`tavus-purge: this run used the key ${before} and goes on with the key ${now}.`);
}
