import type { CommandContext } from './command-context.ts';
import { isFlag } from './settings.ts';
import { shellCommand } from './shell-words.ts';

/** How many digits of the plan ID the printed command confirms with. */
const CONFIRM_DIGITS = 12;

/** The command that applies exactly this plan, ready to be pasted. */
export function applyCommand(
  context: CommandContext,
  plan: { readonly runId: string; readonly planId: string },
): string {
  return nextCommand(context, ['apply', plan.runId, '--confirm', plan.planId.slice(0, CONFIRM_DIGITS)]);
}

/** `tavus-purge …`, with the flags without which it would look elsewhere. */
export function nextCommand(context: CommandContext, words: readonly string[]): string {
  const { settings } = context;
  const { config, stateDir, apiKeyFile, baseUrl } = settings.values;
  const carried: string[] = [];
  if (stateDir !== undefined && isFlag(settings, 'stateDir')) carried.push('--state-dir', stateDir);
  if (config !== undefined && isFlag(settings, 'config')) carried.push('--config', config);
  const needsKey = words[0] === 'apply' || words[0] === 'resume' || words[0] === 'job';
  if (needsKey && apiKeyFile !== undefined && isFlag(settings, 'apiKeyFile'))
    carried.push('--api-key-file', apiKeyFile);
  // A run knows its API; a job may have it from here alone.
  if (words[0] === 'job' && isFlag(settings, 'baseUrl')) carried.push('--base-url', baseUrl);
  return shellCommand(['tavus-purge', ...words, ...carried]);
}
