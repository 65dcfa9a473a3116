import { given } from '../given.ts';
import type { ApplyOptions, PlanOptions, ResumeOptions } from '../library.ts';
import type { ExecutionSettings } from '../types.ts';
import type { CommandContext } from './command-context.ts';
import { nextCommand } from './next-command.ts';
import { isFlag, isGiven, type Settings } from './settings.ts';

/** The settings for a plan of `plan` or `apply <manifest..>`. */
export function planOptions(context: CommandContext, apiKey: string | undefined): PlanOptions {
  const { values } = context.settings;
  const { baseUrl, kind, mode, format, delimiter, ignoreColumns, skipInvalid, errorOnEmpty, again, resolve } =
    values;
  return {
    manifests: context.words,
    stateDir: context.stateDir,
    ...(context.words.includes('-') ? { stdin: context.stdin } : {}),
    ...given({
      apiKey,
      baseUrl,
      kind,
      mode,
      format,
      delimiter,
      ignoreColumns,
      skipInvalid,
      errorOnEmpty,
      again,
      resolve,
    }),
    map: values.map,
    holds: values.hold,
    anyIdShape: values.unsafeAnyIdShape,
    guards: { maxDeletions: values.maxDeletions, maxHard: values.maxHard },
    settings: executionSettings(context.settings),
    signal: context.stop,
  };
}

/** How to carry out a plan that was just made from the same command line. */
export function applyOptions(
  context: CommandContext,
  approved: { readonly run: string; readonly apiKey: string; readonly confirm: string },
): ApplyOptions {
  const { values } = context.settings;
  return {
    ...approved,
    stateDir: context.stateDir,
    command: (words) => nextCommand(context, words),
    planMaxAgeMs: values.planMaxAge,
    ...given({ out: values.out, trigger: values.trigger, reason: values.reason }),
    signal: context.stop,
    forceSignal: context.force,
  };
}

/**
 * What this command line changes about a saved plan. Only flags do: the plan's own settings were reviewed, and win
 * over environment and config file. Hold files are added, wherever they are named.
 */
export function savedPlanChanges(
  settings: Settings,
): Pick<ApplyOptions, 'baseUrl' | 'guards' | 'settings' | 'holds'> {
  const { values } = settings;
  return {
    ...(isGiven(settings, 'baseUrl') ? { baseUrl: values.baseUrl } : {}),
    guards: given({
      maxDeletions: isFlag(settings, 'maxDeletions') ? values.maxDeletions : undefined,
      maxHard: isFlag(settings, 'maxHard') ? values.maxHard : undefined,
    }),
    settings: {
      ...paceChanges(settings),
      ...given({
        attempts: isFlag(settings, 'attempts') ? values.attempts : undefined,
        allowNotFound: isFlag(settings, 'allowNotFound') ? values.allowNotFound : undefined,
      }),
    },
    holds: values.hold,
  };
}

/** How to continue a run. */
export function resumeOptions(context: CommandContext, apiKey: string): ResumeOptions {
  const { settings } = context;
  return {
    stateDir: context.stateDir,
    apiKey,
    command: (words) => nextCommand(context, words),
    ...given({
      run: context.words[0],
      out: settings.values.out,
      trigger: settings.values.trigger,
      reason: settings.values.reason,
    }),
    ...(isGiven(settings, 'baseUrl') ? { baseUrl: settings.values.baseUrl } : {}),
    settings: paceChanges(settings),
    signal: context.stop,
    forceSignal: context.force,
  };
}

/** What a flag of this command line says anew about the pace of a run. */
function paceChanges(settings: Settings): NonNullable<ResumeOptions['settings']> {
  const { values } = settings;
  return given({
    rate: isFlag(settings, 'rate') ? values.rate : undefined,
    concurrency: isFlag(settings, 'concurrency') ? values.concurrency : undefined,
    timeoutMs: isFlag(settings, 'timeout') ? values.timeout : undefined,
    maxDurationMs: isFlag(settings, 'maxDuration') ? values.maxDuration : undefined,
  });
}

function executionSettings({ values }: Settings): ExecutionSettings {
  return {
    rate: values.rate,
    concurrency: values.concurrency,
    attempts: values.attempts,
    timeoutMs: values.timeout,
    maxDurationMs: values.maxDuration ?? null,
    allowNotFound: values.allowNotFound,
  };
}
