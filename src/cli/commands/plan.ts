import { EXIT_CODES, PurgeError } from '../../errors.ts';
import { printableJson } from '../../printable.ts';
import type { SavedPlan } from '../../library.ts';
import { findKey } from '../api-key.ts';
import type { CommandContext } from '../command-context.ts';
import { planOptions } from '../library-options.ts';
import { shownValue } from '../../key-like.ts';
import { applyCommand, nextCommand } from '../next-command.ts';
import { renderPlan } from '../render-plan.ts';
import { findSavedPlan } from '../saved-plan.ts';

/** `plan`: reads, checks, saves and shows a plan. */
export async function runPlan(context: CommandContext): Promise<number> {
  const saved = findSavedPlan(context);
  if (saved !== undefined) {
    throw new PurgeError('usage', `${shownValue(saved)} is a saved plan, not a manifest.`, {
      next: nextCommand(context, ['runs', 'show', saved]),
    });
  }
  const { planPurge } = await import('../../library.ts');
  const key = findKey(context.settings, context.env);
  context.terminal.protect(key?.key);
  const plan = await planPurge(planOptions(context, key?.key));
  showPlan(context, plan);
  throwIfRefused(plan);
  const hasDeletions = plan.header.planned > 0;
  return hasDeletions && context.settings.values.detailedExitcode ? EXIT_CODES.has_deletions : EXIT_CODES.ok;
}

function showPlan(context: CommandContext, plan: SavedPlan): void {
  const { terminal, settings } = context;
  const { header } = plan;
  if (settings.values.json) {
    terminal.print(printableJson(header, 2));
    return;
  }
  if (settings.values.quiet) return;
  terminal.print(renderPlan(plan, terminal.paintData));
  if (header.refused.length > 0) return;
  const next =
    header.planned === 0
      ? 'There is nothing to delete.'
      : `Nothing was deleted. To delete exactly this:\n\n  ${applyCommand(context, header)}`;
  terminal.print(`\n${next}`);
}

/** Throws `refused` when a guard does not agree to the plan. */
export function throwIfRefused(plan: SavedPlan): void {
  if (plan.header.refused.length === 0) return;
  throw new PurgeError('refused', plan.header.refused.join(' '), {
    next: 'plan less, or raise the cap if this amount is meant',
  });
}
