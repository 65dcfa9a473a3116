import { resolve } from 'node:path';
import { Approval, type BoundTarget } from '../approval.ts';
import { PurgeError, rethrowBug } from '../errors.ts';
import type { PurgeRun, ResumeOptions, RunEnd } from '../library.ts';
import type { OnEvent } from '../ports.ts';
import { withRun } from '../store/run-file.ts';
import { listRunFolders, runFolder } from '../store/run-folders.ts';
import { systemClock } from '../system-clock.ts';
import { checkKey, keyFingerprint, parseBaseUrl } from '../tavus/target.ts';
import { LONGEST_PAUSE_MS } from '../execute/delete-one.ts';
import { DEFAULT_BASE_URL, settingsOf } from './defaults.ts';
import { liveRun, lockRun, startRun, toolMajor, type RunHooks, type StartOptions } from './live-run.ts';
import { checkOwnFolders } from './own-folders.ts';
import { plainCommand, type CommandOf } from './plain-command.ts';
import { runNotes } from './run-notes.ts';
import { plannedNow } from './verify-run.ts';

/**
 * Continues an interrupted run with the settings it was started with. IDs with a durable outcome are not sent again.
 * Asks for no confirmation: the plan was confirmed when it was applied.
 */
export function resumeRun(options: ResumeOptions): PurgeRun {
  return liveRun((onEvent) => resumeWith(options, onEvent));
}

/** As `resumeRun`, for what tells its events itself and has more to do before the run is finished. */
export async function resumeWith(
  options: ResumeOptions,
  onEvent: OnEvent,
  hooks: RunHooks = {},
): Promise<RunEnd> {
  const { command = plainCommand } = options;
  const apiKey = checkKey(options.apiKey);
  const notes = runNotes(options, apiKey);
  const fingerprint = keyFingerprint(apiKey);
  const folder =
    options.run === undefined
      ? await newestInterruptedRun(
          options.stateDir,
          { baseUrl: parseBaseUrl(options.baseUrl ?? DEFAULT_BASE_URL), keyFingerprint: fingerprint },
          command,
        )
      : runFolder(options.stateDir, options.run);
  await checkOwnFolders(options.stateDir, folder);
  return withRun(folder, { readOnly: false }, async (run) => {
    const { header } = run;
    const baseUrl = parseBaseUrl(options.baseUrl ?? header.target.baseUrl);
    const target = { baseUrl, keyFingerprint: fingerprint };
    using _ = lockRun(options.stateDir, run, target);

    const last = run.lastLife();
    if (last === undefined) {
      throw new PurgeError(
        'refused',
        `The plan ${header.runId} was never applied; there is nothing to resume.`,
        {
          next: command(['apply', header.runId, '--confirm', header.planId.slice(0, 8)]),
        },
      );
    }
    const approval = Approval.approveResume({
      header,
      target,
      toolMajor,
      ...plannedNow(run),
      // What counts now is run.db; the previews may be gone.
      mismatches: [],
      finished: run.isFinished(),
    });
    const notBefore = Math.max(last.notBefore ?? 0, run.journal().notBefore() ?? 0);
    const nextCommand: StartOptions['nextCommand'] = (verb) => command([verb, options.run ?? header.runId]);
    refuseTooEarly(Math.min(notBefore, last.lastSignAt + LONGEST_WAIT_MS), nextCommand('resume'));
    return await startRun(run, {
      approval,
      apiKey,
      settings: settingsOf(last.settings, options.settings),
      holdFiles: [...new Set([...last.holdFiles, ...(options.holds ?? []).map((path) => resolve(path))])],
      notes,
      stateDir: options.stateDir,
      nextCommand,
      out: options.out,
      signal: options.signal,
      forceSignal: options.forceSignal,
      onEvent,
      ...hooks,
    });
  });
}

/** The fingerprint of the key that the last life of a run had; `undefined` when it was never applied. */
export async function lastKeyOf(options: {
  readonly stateDir: string;
  readonly run: string;
}): Promise<string | undefined> {
  const folder = runFolder(options.stateDir, options.run);
  return withRun(folder, { readOnly: true }, (run) => run.lastLife()?.keyFingerprint);
}

/** No run waits longer than a day on the word of one answer. */
const LONGEST_WAIT_MS = 24 * 60 * 60_000;

/** A short pause is waited out by the run itself. */
function refuseTooEarly(notBefore: number, resume: string): void {
  if (notBefore - systemClock.now() <= LONGEST_PAUSE_MS) return;
  const at = new Date(notBefore).toISOString();
  throw new PurgeError(
    'interrupted',
    `The API asked not to be called again before ${at}. Nothing was sent.`,
    {
      next: `${resume}, after ${at}`,
    },
  );
}

async function newestInterruptedRun(
  stateDir: string,
  { baseUrl, keyFingerprint }: BoundTarget,
  command: CommandOf,
): Promise<string> {
  const candidates = listRunFolders(stateDir).toReversed();
  let withAnotherKey: string | undefined;
  for (const folder of candidates) {
    const found = await interruptedRun(folder, baseUrl);
    if (found?.keyFingerprint === keyFingerprint) return folder;
    withAnotherKey ??= found?.runId;
  }
  const next =
    withAnotherKey === undefined
      ? command(['runs', 'list'])
      : `${command(['resume', withAnotherKey])}, if that run, made with another key, is meant`;
  throw new PurgeError('usage', `There is no interrupted run at ${baseUrl} with the key ${keyFingerprint}.`, {
    next,
  });
}

/** The run of this folder, if it is one that can be resumed at `baseUrl`. A folder that cannot be read holds none. */
async function interruptedRun(
  folder: string,
  baseUrl: string,
): Promise<{ readonly runId: string; readonly keyFingerprint: string } | undefined> {
  try {
    return await withRun(folder, { readOnly: true }, (run) => {
      const last = run.lastLife();
      const { runId, target } = run.header;
      if (last === undefined || target.baseUrl !== baseUrl || run.isFinished()) return undefined;
      return { runId, keyFingerprint: last.keyFingerprint };
    });
  } catch (thrown) {
    rethrowBug(thrown);
    return undefined;
  }
}
