import { basename, dirname } from 'node:path';
import { PurgeError } from '../../errors.ts';
import type { Job } from '../../job/job.ts';
import { DONE, manifestState, moveManifest, REJECTED } from '../../job/move-manifest.ts';
import { findFiles } from '../../manifest/find-files.ts';
import { openManifests } from '../../manifest/read-manifests.ts';
import { collectEntries, type CollectSources } from '../../plan/collect-entries.ts';
import type { EntrySource } from '../../ports.ts';
import { printable } from '../../printable.ts';
import { trialDraft } from '../../store/plan-draft.ts';

/** A manifest that cannot be planned. */
export interface BadManifest {
  readonly file: string;
  /** Its state before it was judged; `null`: it has gone, or is no plain file. */
  readonly state: string | null;
  readonly reason: PurgeError;
}

/**
 * The manifests of a job that are there, as absolute paths. None is fine: a folder may be empty, a glob may match
 * nothing, and with `processed: move` a named file may have been carried out. Throws a `usage` PurgeError when the
 * place where they belong is not there: an empty mount must not look like a quiet night.
 */
export async function waitingManifests(job: Job): Promise<readonly string[]> {
  const moves = job.processed === 'move';
  const found = await findFiles(job.manifests, '/', { missing: moves ? 'named' : 'files' });
  const files = found.map(({ path }) => path);
  if (!moves) return files;
  const waiting = files.filter((file) => !isProcessed(file));
  if (waiting.length > 0 || files.length === 0) return waiting;
  throw new PurgeError(
    'usage',
    `The manifests of the job lie in a folder named "${DONE}" or "${REJECTED}".`,
    {
      next: 'give that folder another name: with "processed: move" it would be taken for the place of what was done',
    },
  );
}

/** The rows of one manifest, as the job reads it. */
export function openManifestsOf(job: Job, files: readonly string[]): Promise<EntrySource> {
  const { kind, mode, map } = job;
  return openManifests(files, { kind: kind ?? undefined, mode, map });
}

/**
 * Which of these manifests keep the others from being planned: first those that are wrong by themselves, then those that
 * contradict one before them. None, when the reason lies elsewhere.
 */
export async function findBadManifests(job: Job, files: readonly string[]): Promise<readonly BadManifest[]> {
  const bad: BadManifest[] = [];
  const good: string[] = [];
  for (const file of files) {
    const state = await manifestState(file);
    const reason = await problemOf(job, [file]);
    if (reason === null) good.push(file);
    else bad.push({ file, state, reason });
  }
  if ((await problemOf(job, good)) === null) return bad;
  const together: string[] = [];
  for (const file of good) {
    const state = await manifestState(file);
    const reason = await problemOf(job, [...together, file]);
    if (reason === null) together.push(file);
    else bad.push({ file, state, reason });
  }
  return bad;
}

/** What became of a bad manifest, also as a sentence. */
export interface Rejected {
  readonly said: string;
  readonly isMoved: boolean;
}

/** Moves a bad manifest to `rejected/` with its reasons beside it, if it is a plain file that has not changed since. */
export async function rejectManifest({ file, state, reason }: BadManifest): Promise<Rejected> {
  const name = printable(file, 300);
  const stays = (why: string): Rejected => ({
    said: `${name} cannot be planned, and stays: ${why}.`,
    isMoved: false,
  });
  if (state === null) return stays('it is no plain file');
  const moved = await moveManifest(file, state, {
    folder: REJECTED,
    companion: { suffix: '.reasons.txt', write: (append) => append(reasonText(reason)) },
  });
  if ('stays' in moved) return stays(moved.stays);
  const said = `${name} cannot be planned; it is now ${printable(moved.path, 300)}, with the reasons beside it.`;
  return { said, isMoved: true };
}

function isProcessed(file: string): boolean {
  const folder = basename(dirname(file));
  return folder === DONE || folder === REJECTED;
}

const NOTHING: Omit<CollectSources, 'source'> = {
  holds: { find: () => undefined, summaries: () => [], refresh: () => Promise.resolve() },
  ledger: { find: () => undefined },
};

/** Why these manifests cannot be one plan; `null` when they can. */
async function problemOf(job: Job, files: readonly string[]): Promise<PurgeError | null> {
  if (files.length === 0) return null;
  const draft = trialDraft();
  try {
    const source = await openManifestsOf(job, files);
    const options = { skipInvalid: false, again: false, signal: undefined };
    await collectEntries({ source, ...NOTHING }, draft, options);
    return null;
  } catch (error) {
    if (error instanceof PurgeError && error.kind === 'usage') return error;
    throw error;
  } finally {
    draft.discard();
  }
}

function reasonText({ message, details }: PurgeError): string {
  const lines = [message, ...details.map((detail) => `  ${detail}`)];
  return `${[...lines, 'next: correct the rows, and put the file back into the folder above'].join('\n')}\n`;
}
