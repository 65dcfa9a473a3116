import { createHash } from 'node:crypto';
import { rename, rm } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { PurgeError } from '../errors.ts';
import { given } from '../given.ts';
import type { PlanOptions, SavedPlan } from '../library.ts';
import { openHolds } from '../manifest/hold-files.ts';
import { openManifests } from '../manifest/read-manifests.ts';
import type { ReadApi } from '../ports.ts';
import { printableJson } from '../printable.ts';
import { makePlan } from '../purge.ts';
import { createRateLimiter } from '../execute/rate-limiter.ts';
import { planCsvPages } from '../report/plan-csv.ts';
import { createFileExclusively, createPrivateFolder, replaceFile, syncFolder } from '../safe-files.ts';
import { scrubberFor } from '../scrub.ts';
import { naming } from '../storage-error.ts';
import { SqliteLedger } from '../store/ledger.ts';
import { SqlitePlanDraft } from '../store/plan-draft.ts';
import { HEADER, withRun } from '../store/run-file.ts';
import { newRunId, PLAN_CSV, PLAN_JSON, RUN_DB, runsFolder } from '../store/run-folders.ts';
import { systemClock } from '../system-clock.ts';
import { openReadClient } from '../tavus/read-client.ts';
import { checkKey, keyFingerprint, parseBaseUrl } from '../tavus/target.ts';
import type { PlanHeader } from '../types.ts';
import { TOOL } from '../version.ts';
import { DEFAULT_BASE_URL, DEFAULT_GUARDS, DEFAULT_SETTINGS, settingsOf } from './defaults.ts';
import { jobNamed } from './run-notes.ts';
import { userAgent } from './user-agent.ts';

const PREVIEW_ROWS = 5;

/**
 * Reads manifests, checks every row and saves the plan in a run folder of its own. Never sends a DELETE. Rejects with a
 * PurgeError, and leaves nothing behind, when a manifest cannot be planned as a whole; a plan over a cap is saved and
 * says so in `header.refused`.
 */
export async function planPurge(options: PlanOptions): Promise<SavedPlan> {
  const baseUrl = parseBaseUrl(options.baseUrl ?? DEFAULT_BASE_URL);
  const key = options.apiKey === undefined ? null : checkKey(options.apiKey);
  const job = jobNamed(options.job);
  if (options.resolve === true && key === null) {
    throw new PurgeError('usage', 'Looking IDs up (--resolve) needs an API key.', {
      next: 'set TAVUS_API_KEY or --api-key-file, or plan without --resolve',
    });
  }
  const holds = await openHolds(options.holds ?? [], { now: systemClock.now });
  const source = await openManifests(options.manifests, readOptions(options));
  await createPrivateFolder(options.stateDir);
  await createPrivateFolder(runsFolder(options.stateDir));
  const warnings: string[] = [];
  using ledger = new SqliteLedger(options.stateDir, baseUrl, (folder, error) => {
    warnings.push(
      `The run ${folder} could not be read, so what it deleted is not known here: ${error.message}`,
    );
  });

  const now = systemClock.now();
  const runId = newRunId(now);
  const folder = join(runsFolder(options.stateDir), runId);
  // Nobody takes a folder of this name for a run: the plan appears whole, by one rename, or not at all.
  const unfinished = join(runsFolder(options.stateDir), `.planning-${runId}`);
  await createPrivateFolder(unfinished);
  const settings = settingsOf(DEFAULT_SETTINGS, options.settings);
  const readApi =
    options.resolve === true && key !== null ? openReader(baseUrl, key, runId, settings.concurrency) : null;
  const draft = await openDraft(runId, unfinished);
  try {
    const plan = await makePlan({ source, holds, ledger }, draft, {
      tool: TOOL,
      target: { baseUrl, keyFingerprint: key === null ? null : keyFingerprint(key) },
      guards: { ...DEFAULT_GUARDS, ...options.guards },
      settings,
      job,
      now,
      warnings,
      skipInvalid: options.skipInvalid ?? false,
      again: options.again ?? false,
      signal: options.signal,
      resolve: readApi === null ? undefined : resolveOptions(readApi, settings, options.signal),
    });
    if (plan.planned === 0 && options.errorOnEmpty === true) {
      throw new PurgeError('usage', 'There is nothing to delete (--error-on-empty).', {
        next: 'check the manifests',
      });
    }
    await savePlan(plan, draft, unfinished);
    await naming('create', folder, () => rename(unfinished, folder));
    await syncFolder(runsFolder(options.stateDir));
    return await withRun(folder, { readOnly: true }, (run) => ({
      runId,
      folder,
      header: run.header,
      preview: run.preview(PREVIEW_ROWS),
    }));
  } catch (thrown) {
    draft.discard();
    // A plan that appeared goes as it came, whole: a half of one must not be there under its name.
    await rename(folder, unfinished).catch(() => {});
    await rm(unfinished, { recursive: true, force: true }).catch(() => {});
    throw thrown;
  } finally {
    await readApi?.close();
  }
}

async function openDraft(runId: string, folder: string): Promise<SqlitePlanDraft> {
  const path = join(folder, RUN_DB);
  await createFileExclusively(path, '');
  return new SqlitePlanDraft(runId, path);
}

function absolute({ path }: { readonly path: string }): string {
  return path === '-' ? path : resolve(path);
}

async function savePlan(
  plan: Omit<PlanHeader, 'files' | 'planCsvSha256'>,
  draft: SqlitePlanDraft,
  folder: string,
): Promise<void> {
  const hash = createHash('sha256');
  await replaceFile(join(folder, PLAN_CSV), async (append) => {
    for (const page of planCsvPages(draft.entries(plan.sources))) {
      hash.update(page);
      await append(page);
    }
  });
  const planCsvSha256 = hash.digest('hex');
  const files = { sources: plan.sources.map(absolute), holds: plan.holds.map(absolute) };
  const header: PlanHeader = { ...plan, files, planCsvSha256 };
  const text = `${printableJson(header, 2)}\n`;
  draft.setMeta(HEADER, text);
  draft.close();
  await createFileExclusively(join(folder, PLAN_JSON), text);
}

function readOptions(options: PlanOptions): Parameters<typeof openManifests>[1] {
  const { kind, mode, format, delimiter, map, ignoreColumns, anyIdShape, stdin, signal } = options;
  return given({ kind, mode, format, delimiter, map, ignoreColumns, anyIdShape, stdin, signal });
}

function openReader(baseUrl: string, apiKey: string, runId: string, concurrency: number): ReadApi {
  const scrub = scrubberFor(apiKey);
  return openReadClient({
    baseUrl,
    apiKey,
    concurrency,
    userAgent: userAgent(runId),
    scrub,
    now: systemClock.now,
  });
}

function resolveOptions(
  api: ReadApi,
  settings: PlanHeader['settings'],
  signal: AbortSignal = new AbortController().signal,
): Parameters<typeof makePlan>[2]['resolve'] {
  const limiter = createRateLimiter({ rate: settings.rate, clock: systemClock });
  return {
    api,
    concurrency: settings.concurrency,
    timeoutMs: settings.timeoutMs,
    async turn() {
      const isAdmitted = (await limiter.turn(signal)) && (await limiter.admit(signal));
      // A look-up changes nothing: that it may wait for a connection first is not worth a gate.
      if (isAdmitted) limiter.left();
      return isAdmitted;
    },
    now: systemClock.now,
  };
}
