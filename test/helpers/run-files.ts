import { join } from 'node:path';
import { DEFAULT_SETTINGS } from '../../src/library/defaults.ts';
import { createFileExclusively, createPrivateFolder } from '../../src/safe-files.ts';
import { HEADER, RunFile } from '../../src/store/run-file.ts';
import { newRunId, runsFolder } from '../../src/store/run-folders.ts';
import { SqlitePlanDraft } from '../../src/store/plan-draft.ts';
import type { Kind, ManifestEntry, Mode, PlanHeader } from '../../src/types.ts';

export interface PlannedId {
  readonly id: string;
  readonly kind?: Kind;
  readonly mode?: Mode;
}

/** A manifest entry with everything that a test does not care about filled in. */
function entryOf({ id, kind = 'video', mode = 'soft' }: PlannedId, line = 2): ManifestEntry {
  return { valid: true, kind, id, mode, reason: '', ticket: '', source: 0, line };
}

/** A saved plan of these IDs in a run folder of `stateDir`, as the planner would leave it, but for plan.csv. */
export async function saveRun(
  stateDir: string,
  ids: readonly PlannedId[],
  changes: Partial<PlanHeader> = {},
): Promise<string> {
  const runId = newRunId(Date.parse('2026-01-02T03:04:05Z'));
  await createPrivateFolder(runsFolder(stateDir));
  const folder = join(runsFolder(stateDir), runId);
  await createPrivateFolder(folder);
  await createFileExclusively(join(folder, 'run.db'), '');
  const draft = new SqlitePlanDraft(runId, join(folder, 'run.db'));
  ids.forEach((id, index) => draft.add(entryOf(id, index + 2)));
  draft.dropRepeated(() => undefined);
  const { planned, byKindAndMode, skipped } = draft.counts();
  const header: PlanHeader = {
    schemaVersion: 1,
    tool: { name: 'tavus-purge', version: '0.1.0' },
    mode: 'plan',
    runId,
    planId: 'ab'.repeat(32),
    target: { baseUrl: 'https://tavusapi.com', keyFingerprint: null },
    createdAt: '2026-01-02T03:04:05.000Z',
    sources: [{ path: 'ids.csv', format: 'csv', sha256: 'cd'.repeat(32), entries: ids.length }],
    planned,
    counts: byKindAndMode,
    skipped,
    duplicates: 0,
    guards: { maxDeletions: 1_000, maxHard: 100 },
    refused: [],
    holds: [],
    files: { sources: [], holds: [] },
    settings: DEFAULT_SETTINGS,
    estimate: { requests: planned, durationMs: planned * 200 },
    warnings: [],
    planCsvSha256: '',
    ...changes,
  };
  draft.setMeta(HEADER, JSON.stringify(header));
  draft.close();
  return folder;
}

/** As `saveRun`, opened to be carried out. */
export async function openRun(
  stateDir: string,
  ids: readonly PlannedId[],
  changes: Partial<PlanHeader> = {},
): Promise<RunFile> {
  return new RunFile(await saveRun(stateDir, ids, changes), { readOnly: false });
}

/** How far a run was carried out, and when; all its IDs are deleted, unless told otherwise. */
export interface CarriedOut {
  /** Ms since 1970. */
  readonly endedAt: number;
  /** How many of its IDs were deleted; the others were rejected. */
  readonly deleted?: number;
  /** `killed`: after its deletions; the others have no outcome. `unreported`: before its results were written. */
  readonly end?: 'killed' | 'unreported' | 'finished';
}

/** A run of `stateDir` that was carried out, for `job` if one is named: its folder. */
export async function carriedOutRun(
  stateDir: string,
  ids: readonly PlannedId[],
  { job, ...how }: CarriedOut & { readonly job?: string },
): Promise<string> {
  const folder = await saveRun(stateDir, ids, job === undefined ? {} : { job });
  await carryOut(folder, how);
  return folder;
}

/** Carries out the saved plan of `folder`, as far as its run file tells. */
export async function carryOut(
  folder: string,
  { endedAt, deleted = Infinity, end = 'finished' }: CarriedOut,
): Promise<void> {
  using run = new RunFile(folder, { readOnly: false });
  const journal = run.journal();
  const life = { keyFingerprint: 'x', settings: run.header.settings, toolVersion: '0.1.0', holdFiles: [] };
  await journal.startLife({ ...life, startedAt: endedAt - 1_000 });
  for (const [index, { row }] of journal.pending(-1, run.header.planned).entries()) {
    if (index >= deleted && end === 'killed') break;
    const outcome = index < deleted ? 'deleted' : 'rejected';
    await journal.begin(row, 1, endedAt - 500);
    const final = { outcome, detail: '', status: 200, finishedAt: endedAt - 400 } as const;
    await journal.finish(row, final, { attempts: 1, firstSentAt: endedAt - 500 });
  }
  if (end === 'killed') return;
  await journal.endLife({ exitCode: 0, stopReason: null, stopDetail: '', notBefore: null, endedAt });
  if (end === 'finished') run.markReported();
}
