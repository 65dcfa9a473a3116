import type { RunInfo } from '../../library.ts';
import { keyFingerprint } from '../../tavus/target.ts';
import { requireKey } from '../api-key.ts';
import type { CommandContext } from '../command-context.ts';
import { followRun } from '../follow-run.ts';
import { resumeOptions } from '../library-options.ts';

/** `resume`: continues an interrupted run. */
export async function runResume(context: CommandContext): Promise<number> {
  const { key } = requireKey(context.settings, context.env);
  context.terminal.protect(key);
  const { resumeRun, showRun } = await import('../../library.ts');
  const [run] = context.words;
  if (run !== undefined) sayIfKeyChanged(context, await showRun({ stateDir: context.stateDir, run }), key);
  return followRun(context, resumeRun(resumeOptions(context, key)));
}

/** A run may be continued with a new key, the cure of a refused one; the operator should know which is used. */
function sayIfKeyChanged({ terminal }: CommandContext, run: RunInfo, key: string): void {
  const before = run.summary?.target.keyFingerprint;
  const now = keyFingerprint(key);
  if (before === undefined || before === null || before === now) return;
  terminal.say(`tavus-purge: this run used the key ${before} and goes on with the key ${now}.`);
}
