import { PurgeError } from '../../errors.ts';
import type { PlanHeader } from '../../types.ts';
import { requireKey } from '../api-key.ts';
import type { CommandContext } from '../command-context.ts';
import { confirmPlan } from '../confirm.ts';
import { followRun } from '../follow-run.ts';
import { applyOptions, planOptions, savedPlanChanges } from '../library-options.ts';
import { kebabName, OPTION_NAMES, optionSpec } from '../options.ts';
import { applyCommand } from '../next-command.ts';
import { findSavedPlan } from '../saved-plan.ts';
import { isFlag } from '../settings.ts';
import { runPlan, throwIfRefused } from './plan.ts';

/** `apply`: carries out a saved plan, or plans manifests and carries that out. */
export async function runApply(context: CommandContext): Promise<number> {
  const saved = findSavedPlan(context);
  if (context.settings.values.dryRun) {
    if (saved === undefined) return runPlan(context);
    throw new PurgeError('usage', 'A saved plan was planned already; --dry-run is for manifests.', {
      next: `tavus-purge runs show ${saved} shows it`,
    });
  }
  const { key } = requireKey(context.settings, context.env);
  context.terminal.protect(key);
  return saved === undefined ? applyManifests(context, key) : applySaved(context, saved, key);
}

async function applySaved(context: CommandContext, run: string, apiKey: string): Promise<number> {
  refuseManifestOptions(context);
  const { applyPlan, showRun } = await import('../../library.ts');
  const { header } = await showRun({ stateDir: context.stateDir, run });
  const confirm = await confirmPlan(context, header);
  throwIfStopped(context, header);
  const options = applyOptions(context, { run, apiKey, confirm });
  return followRun(context, applyPlan({ ...options, ...savedPlanChanges(context.settings) }));
}

async function applyManifests(context: CommandContext, apiKey: string): Promise<number> {
  const { applyPlan, planPurge } = await import('../../library.ts');
  const plan = await planPurge(planOptions(context, apiKey));
  throwIfRefused(plan);
  const confirm = await confirmPlan(context, plan.header);
  throwIfStopped(context, plan.header);
  return followRun(context, applyPlan(applyOptions(context, { run: plan.runId, apiKey, confirm })));
}

function refuseManifestOptions({ settings, words }: CommandContext): void {
  for (const name of OPTION_NAMES) {
    if (optionSpec(name).group !== 'Manifests' || !isFlag(settings, name)) continue;
    throw new PurgeError('usage', `--${kebabName(name)} changes nothing about a saved plan.`, {
      next: `leave it out, or plan anew; tavus-purge runs show ${words[0] ?? ''} shows the plan`,
    });
  }
}

function throwIfStopped(context: CommandContext, header: PlanHeader): void {
  if (!context.stop.aborted) return;
  throw new PurgeError('interrupted', 'Interrupted before the first request; nothing was sent.', {
    next: applyCommand(context, header),
  });
}
