import { existsSync } from 'node:fs';
import { PurgeError, rethrowBug } from '../errors.ts';
import { isSafeId } from '../ids.ts';
import type { FindOptions, RunFinding } from '../library.ts';
import { printable } from '../printable.ts';
import type { FoundEntry } from '../store/find-entry.ts';
import { ledgerPath, openLedgerFile } from '../store/ledger-file.ts';
import { findInLedger, type PrunedEntry } from '../store/pruned-runs.ts';
import { withRun, type RunFile } from '../store/run-file.ts';
import { sourcePath } from '../store/run-entries.ts';
import { listRunFolders } from '../store/run-folders.ts';

/**
 * Every run that ever planned, skipped or deleted an ID, newest first: from all run folders, and from the ledger for
 * runs whose folder is gone. Entries that were skipped as invalid are not looked through. Throws a `usage` PurgeError
 * for a text that cannot be an ID.
 */
export async function findInRuns(options: FindOptions): Promise<readonly RunFinding[]> {
  const { stateDir, id, kind, onUnreadable } = options;
  if (!isSafeId(id)) {
    throw new PurgeError('usage', `${JSON.stringify(printable(id, 80))} is not an ID.`, {
      next: 'an ID has 4 to 64 of A-Z a-z 0-9 _ -',
    });
  }
  // The ledger first: a run that is pruned meanwhile is found twice rather than not at all.
  const inLedger = existsSync(ledgerPath(stateDir)) ? lookIntoLedger(options) : [];
  const findings: RunFinding[] = [];
  const known = new Set<string>();
  for (const folder of listRunFolders(stateDir)) {
    try {
      await withRun(folder, { readOnly: true }, (run) => {
        known.add(run.header.runId);
        run.freeze();
        const entry = run.find(id, kind);
        if (entry !== undefined) findings.push(findingOf(run, entry));
      });
    } catch (thrown) {
      rethrowBug(thrown);
      onUnreadable?.(folder, thrown);
    }
  }
  for (const entry of inLedger) {
    if (known.has(entry.runId)) continue;
    findings.push(findingInLedger(entry));
  }
  return findings.toSorted((a, b) => (a.runId < b.runId ? 1 : a.runId > b.runId ? -1 : 0));
}

/** Of a pruned run the ledger may know both its entry and the deletion; the entry says more. */
function lookIntoLedger({ stateDir, id, kind }: FindOptions): readonly PrunedEntry[] {
  using db = openLedgerFile(stateDir);
  const entries = findInLedger(db, id, kind);
  const pruned = new Set(entries.filter(({ plannedAt }) => plannedAt !== null).map(({ runId }) => runId));
  return entries.filter(({ runId, plannedAt }) => plannedAt !== null || !pruned.has(runId));
}

function findingOf(run: RunFile, entry: FoundEntry): RunFinding {
  const { runId, job, target, createdAt, sources } = run.header;
  const { kind, mode, skip, detail, source, line, reason, ticket } = entry;
  return {
    runId,
    folder: run.folder,
    job: job ?? null,
    baseUrl: target.baseUrl,
    plannedAt: createdAt,
    kind,
    mode,
    ...whatBecame({ ...entry, wasApplied: run.lives() > 0 }),
    skipped: skip,
    finishedAt: timeOf(entry.finishedAt),
    entry: { detail, manifest: sourcePath(sources, source), line, reason, ticket },
  };
}

function findingInLedger(entry: PrunedEntry): RunFinding {
  const { runId, job, baseUrl, plannedAt, kind, mode, skip } = entry;
  return {
    runId,
    folder: null,
    job,
    baseUrl,
    plannedAt,
    kind,
    mode,
    ...whatBecame({ ...entry, isFinal: true }),
    skipped: skip,
    finishedAt: timeOf(entry.finishedAt),
    entry: null,
  };
}

function whatBecame(
  entry: Pick<FoundEntry, 'skip' | 'outcome' | 'isFinal'> & { readonly wasApplied: boolean },
): Pick<RunFinding, 'outcome' | 'final'> {
  if (entry.skip !== null) return { outcome: 'skipped', final: true };
  if (!entry.wasApplied || entry.outcome === null) return { outcome: 'would_delete', final: entry.isFinal };
  return { outcome: entry.outcome, final: entry.isFinal };
}

function timeOf(at: number | null): string | null {
  return at === null ? null : new Date(at).toISOString();
}
