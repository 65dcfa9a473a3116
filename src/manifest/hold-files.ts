import { stat } from 'node:fs/promises';
import { resolve } from 'node:path';
import type { Hold, Holds } from '../ports.ts';
import { PurgeError } from '../errors.ts';
import type { Kind } from '../types.ts';
import { checkHold } from './check-hold.ts';
import type { HoldRow } from './check-hold.ts';
import { columnsFor } from './columns.ts';
import { ProblemList } from './problem-list.ts';
import { identityOf, openBytes } from './read-bytes.ts';
import { readRecords, type RecordSummary } from './read-records.ts';
import { sourceError } from './source-error.ts';

/**
 * Reads the hold files: what they list is not deleted until its `until`, judged by `now` at the moment of each `find`.
 * `refresh` reads again only what changed and keeps the old holds when it throws. Throws a `usage` PurgeError that
 * names the place when a file is missing, empty or malformed: a hold that cannot be read must stop a purge.
 */
export async function openHolds(
  paths: readonly string[],
  options: { readonly now: () => number; readonly cwd?: string | undefined },
): Promise<Holds> {
  const folder = resolve(options.cwd ?? '.');
  let files: readonly HoldFile[] = await Promise.all(paths.map((path) => readHoldFile(path, folder)));
  let refreshing: Promise<void> | undefined;

  async function refreshChanged(): Promise<void> {
    // All or nothing: `files` changes only when every file could be read.
    files = await Promise.all(files.map((file) => refreshed(file, folder)));
  }

  return {
    find: (kind, id) => (files.length === 0 ? undefined : findHold(files, { kind, id, now: options.now() })),
    summaries: () => {
      const now = options.now();
      return files.map((file) => {
        const { path, sha256, entries } = file;
        return { path, sha256, entries, expired: countExpired(file, now) };
      });
    },
    refresh: () =>
      (refreshing ??= refreshChanged().finally(() => {
        refreshing = undefined;
      })),
  };
}

interface HoldFile {
  readonly path: string;
  readonly identity: string | null;
  readonly sha256: string;
  readonly entries: number;
  readonly holds: ReadonlyMap<string, ListedHold>;
}

/** Holds of one ID in one file: a chain, since nearly every ID has only one. */
interface ListedHold extends HoldRow {
  readonly next: ListedHold | undefined;
}

function findHold(
  files: readonly HoldFile[],
  wanted: { readonly kind: Kind; readonly id: string; readonly now: number },
): Hold | undefined {
  for (const file of files) {
    for (let hold = file.holds.get(wanted.id); hold !== undefined; hold = hold.next) {
      const sameKind = hold.kind === undefined || hold.kind === wanted.kind;
      if (sameKind && wanted.now <= hold.untilMs) return { reason: hold.reason, path: file.path };
    }
  }
  return undefined;
}

function countExpired(file: HoldFile, now: number): number {
  let expired = 0;
  for (const first of file.holds.values()) {
    for (let hold: ListedHold | undefined = first; hold !== undefined; hold = hold.next) {
      if (now > hold.untilMs) expired += 1;
    }
  }
  return expired;
}

async function refreshed(file: HoldFile, folder: string): Promise<HoldFile> {
  const stats = await stat(resolve(folder, file.path), { bigint: true }).catch(() => undefined);
  if (stats !== undefined && identityOf(stats) === file.identity) return file;
  return readHoldFile(file.path, folder);
}

async function readHoldFile(path: string, folder: string): Promise<HoldFile> {
  if (path === '-' || path === '') {
    throw sourceError(path === '' ? '--hold' : path, undefined, 'is no hold file', {
      next: 'Name a file: holds are read again during a run, which standard input cannot be.',
    });
  }
  const bytes = await openBytes({ path, file: resolve(folder, path) }, {});
  const holds = new Map<string, ListedHold>();
  const problems = new ProblemList();
  const columns = columnsFor({ fields: ['id', 'kind', 'until', 'reason', 'ticket'], isStrict: true });
  const pages = readRecords(bytes, { columns }, (record, columnOf) => {
    const checked = checkHold(record, columnOf);
    if (checked.problem !== undefined) problems.add(path, checked.line, checked.problem);
    return checked.hold;
  });
  let step = await nextPage(pages, problems);
  for (; step.done !== true; step = await nextPage(pages, problems)) {
    for (const hold of step.value) {
      if (hold !== undefined) holds.set(hold.id, { ...hold, next: holds.get(hold.id) });
    }
  }
  const [first, ...others] = problems.lines();
  if (first !== undefined) throw malformed(first, others);
  const { sha256, records, blank } = step.value;
  if (blank) {
    throw sourceError(path, undefined, 'is empty, which is taken for a broken hold file', {
      next: 'Restore it; a hold file without holds has its header line (id) or an empty list ([]).',
    });
  }
  return { path, identity: bytes.identity, sha256, entries: records, holds };
}

type Pages = AsyncGenerator<readonly (HoldRow | undefined)[], RecordSummary, void>;

function nextPage(pages: Pages, problems: ProblemList): ReturnType<Pages['next']> {
  return pages.next().catch((error: unknown) => {
    throw problems.addedTo(error);
  });
}

function malformed(first: string, others: readonly string[]): PurgeError {
  return new PurgeError('usage', first, {
    next: 'Correct the hold file: with rows that cannot be read nothing is deleted.',
    details: others,
  });
}
