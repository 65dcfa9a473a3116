import { resolve } from 'node:path';
import { Approval } from '../approval.ts';
import type { ApplyOptions, PurgeRun, RunEnd } from '../library.ts';
import { withRun } from '../store/run-file.ts';
import { runFolder } from '../store/run-folders.ts';
import { systemClock } from '../system-clock.ts';
import { checkKey, keyFingerprint, parseBaseUrl } from '../tavus/target.ts';
import type { OnEvent } from '../ports.ts';
import { DEFAULT_PLAN_MAX_AGE_MS, settingsOf } from './defaults.ts';
import { liveRun, lockRun, startRun, toolMajor, type RunHooks } from './live-run.ts';
import { checkOwnFolders } from './own-folders.ts';
import { plainCommand } from './plain-command.ts';
import { runNotes } from './run-notes.ts';
import { changedSources, mismatchesOf, plannedNow } from './verify-run.ts';

/**
 * Carries out a saved plan: exactly its planned deletions, less those on hold by then, once every guard agrees
 * (`refused` otherwise, before anything is sent). The run goes on whether its events are read or not.
 */
export function applyPlan(options: ApplyOptions): PurgeRun {
  return liveRun((onEvent) => applyWith(options, onEvent));
}

/** As `applyPlan`, for what tells its events itself and has more to do before the run is finished. */
export async function applyWith(
  options: ApplyOptions,
  onEvent: OnEvent,
  hooks: RunHooks = {},
): Promise<RunEnd> {
  const { command = plainCommand } = options;
  const apiKey = checkKey(options.apiKey);
  const notes = runNotes(options, apiKey);
  const folder = runFolder(options.stateDir, options.run);
  await checkOwnFolders(options.stateDir, folder);
  return withRun(folder, { readOnly: false }, async (run) => {
    const { header } = run;
    const target = {
      baseUrl: parseBaseUrl(options.baseUrl ?? header.target.baseUrl),
      keyFingerprint: keyFingerprint(apiKey),
    };
    using _ = lockRun(options.stateDir, run, target);
    const approval = Approval.approvePlan({
      header,
      target,
      toolMajor,
      ...plannedNow(run),
      mismatches: await mismatchesOf(run),
      applied: run.lives() > 0,
      now: systemClock.now(),
      planMaxAgeMs: options.planMaxAgeMs ?? DEFAULT_PLAN_MAX_AGE_MS,
      changedSources: await changedSources(run),
      guards: { ...header.guards, ...options.guards },
      confirm: options.confirm,
    });
    return await startRun(run, {
      approval,
      apiKey,
      settings: settingsOf(header.settings, options.settings),
      holdFiles: [...header.files.holds, ...(options.holds ?? []).map((path) => resolve(path))],
      notes,
      stateDir: options.stateDir,
      nextCommand: (verb) => command([verb, options.run]),
      out: options.out,
      signal: options.signal,
      forceSignal: options.forceSignal,
      onEvent,
      ...hooks,
    });
  });
}
