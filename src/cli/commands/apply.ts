import { existsSync } from 'node:fs';
import { PurgeError } from '../../errors.ts';
import { findRunFolder, runFolder } from '../../store/run-folders.ts';
import { requireKey } from '../api-key.ts';
import type { CommandContext } from '../command-context.ts';
import { confirmPlan } from '../confirm.ts';
import { followRun } from '../follow-run.ts';
import { shownValue } from '../key-like.ts';
import { applyOptions, planOptions, savedPlanChanges } from '../library-options.ts';
import { kebabName, OPTION_NAMES, optionSpec } from '../options.ts';
import { isFlag } from '../settings.ts';
import { runPlan, throwIfRefused } from './plan.ts';

/** What the ID of a run looks like, from its start. */
const LIKE_A_RUN = /^\d{8}-\d{6}-/;

/** `apply`: carries out a saved plan, or plans manifests and carries that out. */
export async function runApply(context: CommandContext): Promise<number> {
  const saved = savedRun(context);
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
  throwIfStopped(context);
  const options = applyOptions(context, { run, apiKey, confirm });
  return followRun(context, applyPlan({ ...options, ...savedPlanChanges(context.settings) }));
}

async function applyManifests(context: CommandContext, apiKey: string): Promise<number> {
  const { applyPlan, planPurge } = await import('../../library.ts');
  const plan = await planPurge(planOptions(context, apiKey));
  throwIfRefused(plan);
  const confirm = await confirmPlan(context, plan.header);
  throwIfStopped(context);
  return followRun(context, applyPlan(applyOptions(context, { run: plan.runId, apiKey, confirm })));
}

/** The saved plan that the words name, or `undefined` when they are manifests. */
function savedRun({ words, stateDir }: CommandContext): string | undefined {
  const runs = words.filter((word) => findRunFolder(stateDir, word) !== undefined);
  const [run] = runs;
  if (run === undefined) {
    const [word] = words;
    if (words.length === 1 && word !== undefined && LIKE_A_RUN.test(word) && !existsSync(word)) {
      // Not a manifest either: let it say that there is no such run.
      runFolder(stateDir, word);
    }
    return undefined;
  }
  if (words.length === 1) return run;
  throw new PurgeError(
    'usage',
    `${shownValue(run)} is a saved plan; it cannot be mixed with other manifests or plans.`,
    {
      next: 'apply one saved plan, or only manifests',
    },
  );
}

function refuseManifestOptions({ settings, words }: CommandContext): void {
  for (const name of OPTION_NAMES) {
    if (optionSpec(name).group !== 'Manifests' || !isFlag(settings, name)) continue;
    throw new PurgeError('usage', `--${kebabName(name)} changes nothing about a saved plan.`, {
      next: `leave it out, or plan anew; tavus-purge runs show ${words[0] ?? ''} shows the plan`,
    });
  }
}

function throwIfStopped({ stop }: CommandContext): void {
  if (!stop.aborted) return;
  throw new PurgeError('interrupted', 'Interrupted before the first request; nothing was sent.', {
    next: 'start again when it suits',
  });
}
