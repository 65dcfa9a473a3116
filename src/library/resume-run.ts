import { Approval } from '../approval.ts';
import { PurgeError } from '../errors.ts';
import type { PurgeRun, ResumeOptions, RunEnd } from '../library.ts';
import type { OnEvent } from '../ports.ts';
import { RunFile } from '../store/run-file.ts';
import { listRunFolders, runFolder } from '../store/run-folders.ts';
import { systemClock } from '../system-clock.ts';
import { checkKey, keyFingerprint, parseBaseUrl } from '../tavus/target.ts';
import { DEFAULT_BASE_URL } from './defaults.ts';
import { liveRun, lockRun, startRun, toolMajor } from './live-run.ts';
import { digestOf } from './verify-run.ts';

/**
 * Continues an interrupted run with the settings it was started with. IDs with a durable outcome are not sent again.
 * Asks for no confirmation: the plan was confirmed when it was applied.
 */
export function resumeRun(options: ResumeOptions): PurgeRun {
  return liveRun((onEvent) => resume(options, onEvent));
}

async function resume(options: ResumeOptions, onEvent: OnEvent): Promise<RunEnd> {
  const apiKey = checkKey(options.apiKey);
  const fingerprint = keyFingerprint(apiKey);
  const folder =
    options.run === undefined
      ? newestInterruptedRun(options.stateDir, parseBaseUrl(options.baseUrl ?? DEFAULT_BASE_URL), fingerprint)
      : runFolder(options.stateDir, options.run);
  using run = new RunFile(folder, { readOnly: false });
  const { header } = run;
  const target = {
    baseUrl: parseBaseUrl(options.baseUrl ?? header.target.baseUrl),
    keyFingerprint: fingerprint,
  };
  using _ = lockRun(options.stateDir, header.runId, target);

  const last = run.lastLife();
  if (last === undefined) {
    throw new PurgeError(
      'refused',
      `The plan ${header.runId} was never applied; there is nothing to resume.`,
      {
        next: `tavus-purge apply ${header.runId} --confirm ${header.planId.slice(0, 8)}`,
      },
    );
  }
  const approval = Approval.approveResume({
    header,
    target,
    toolMajor,
    digest: digestOf(run),
    // What counts now is run.db; the previews may be gone.
    mismatches: [],
    finished: run.isFinished(),
  });
  refuseTooEarly(last.notBefore, header.runId);
  return await startRun(run, {
    approval,
    apiKey,
    settings: { ...last.settings, ...options.settings },
    holdFiles: last.holdFiles,
    stateDir: options.stateDir,
    out: options.out,
    signal: options.signal,
    forceSignal: options.forceSignal,
    onEvent,
  });
}

function refuseTooEarly(notBefore: number | null, runId: string): void {
  if (notBefore === null || notBefore <= systemClock.now()) return;
  const at = new Date(notBefore).toISOString();
  throw new PurgeError(
    'interrupted',
    `The API asked not to be called again before ${at}. Nothing was sent.`,
    {
      next: `tavus-purge resume ${runId}, after ${at}`,
    },
  );
}

function newestInterruptedRun(stateDir: string, baseUrl: string, fingerprint: string): string {
  let withAnotherKey: string | undefined;
  for (const folder of listRunFolders(stateDir).toReversed()) {
    using run = new RunFile(folder, { readOnly: true });
    const last = run.lastLife();
    if (last === undefined || run.header.target.baseUrl !== baseUrl || run.isFinished()) continue;
    if (last.keyFingerprint === fingerprint) return folder;
    withAnotherKey ??= run.header.runId;
  }
  const next =
    withAnotherKey === undefined
      ? 'tavus-purge runs list'
      : `tavus-purge resume ${withAnotherKey}, if that run, made with another key, is meant`;
  throw new PurgeError('usage', `There is no interrupted run at ${baseUrl} with the key ${fingerprint}.`, {
    next,
  });
}
