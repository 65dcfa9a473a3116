import { PurgeError } from '../errors.ts';
import type { PlanHeader } from '../types.ts';
import type { CommandContext } from './command-context.ts';
import { applyCommand } from './next-command.ts';
import { hardCount, renderPlanSummary } from './render-plan.ts';

/** An answer is known sooner after standard input was let go. */
const LET_GO_MS = 100;
/** The same before and after the answer: a tick would agree to a phrase that is refused in the next line. */
const PREFIX = '?';

/** What must be typed to carry out this plan: it names the amount, and whether anything is irrevocable. */
export function confirmationPhrase(header: PlanHeader): string {
  return `${hardCount(header) > 0 ? 'hard-delete' : 'delete'} ${header.planned}`;
}

/**
 * The approval of a plan: what `--confirm` says, or the plan ID after somebody typed the phrase on a terminal. Throws
 * `refused` for a wrong phrase and where nobody can be asked, `interrupted` when the question is broken off.
 */
export async function confirmPlan(context: CommandContext, header: PlanHeader): Promise<string> {
  const given = context.settings.values.confirm;
  // The library compares it with the plan.
  if (given !== undefined) return given;
  // Nothing will be deleted, so there is nothing to ask.
  if (header.planned === 0) return header.planId;
  const next = applyCommand(context, header);
  // Whoever may approve it sees it first, whether here or in the log of a script.
  context.terminal.say(renderPlanSummary(header, context.terminal.paintWords));
  if (!context.terminal.isInteractive) {
    throw new PurgeError('refused', 'Nobody can be asked here, and --confirm is missing; nothing was sent.', {
      next,
    });
  }
  const phrase = confirmationPhrase(header);
  if ((await ask(context, { message: `Type "${phrase}" to go on:`, next })) === phrase) return header.planId;
  throw new PurgeError('refused', 'That was not the phrase; nothing was sent.', { next });
}

async function ask(
  context: CommandContext,
  { message, next }: { readonly message: string; readonly next: string },
): Promise<string> {
  const { input } = await import('@inquirer/prompts');
  const closed = new AbortController();
  const signal = AbortSignal.any([context.stop, closed.signal]);
  // At Ctrl-D the prompt neither answers nor fails: standard input is let go, and the process would run empty. It is
  // let go after an answer as well, which is then a moment from being known.
  const onPause = (): void => void setTimeout(() => closed.abort(), LET_GO_MS);
  process.stdin.once('pause', onPause);
  try {
    // On stderr: stdout is for data.
    return await input({ message, theme: { prefix: PREFIX } }, { output: process.stderr, signal });
  } catch (error) {
    throw new PurgeError('interrupted', 'The question was broken off; nothing was sent.', {
      next,
      cause: error,
    });
  } finally {
    process.stdin.off('pause', onPause);
  }
}
