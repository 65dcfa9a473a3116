import { existsSync } from 'node:fs';
import { tmpdir } from 'node:os';
import type { FaultReport, StorageFault } from './storage-fault-shim.ts';

/** What a stage ends with when nothing fails: the five IDs of a run have an unknown and a rejected one among them. */
export const WITHOUT_FAULT = { plan: 0, apply: 3 } as const;
export const STORAGE = 8;
/**
 * Where a failure may go unnoticed, so that the stage ends as if there was none: all that is not needed for any promise.
 * `RUN` stands for a run ID.
 */
const HARMLESS: readonly RegExp[] = [
  // The name of a lock's holder, for a message; the lock itself when it is let go: it is free at the latest with its process.
  / \/(?:locks\/\w+|runs\/RUN\/)\.lock(?:\.json|-journal)?$/,
  // The ledger, which is derived: when it is closed, or at the end of a run.
  / \/ledger\.db(?:-wal|-shm|-journal)?$/,
  // Making what is there already.
  /^mkdir (?:\/runs(?:\/RUN)?|\/locks)?$/,
  /^open \/runs\/RUN\/run\.db$/,
  // SQLite takes a folder that cannot be synced for one of a system without such syncs.
  /^(?:open|fsync) (?:\/locks|\/runs\/(?:\.planning-)?RUN)?$/,
  /^(?:open|write) \/runs\/RUN\/log\.ndjson$/,
];
/** Folding run.db into one file when it is closed, and the remark that the results are written: harmless after the last request. */
const HARMLESS_AFTER_ALL = / \/runs\/(?:\.planning-)?RUN\/run\.db(?:-wal|-shm|-journal)?$/;

/** Operation and file, the same from run to run. */
export function placeOf(report: Pick<FaultReport, 'operation' | 'path'>): string {
  const path = report.path
    .replace(/^\/\w+(?:-\w+)*(?:\/state)?/, '')
    .replace(/\d{8}-\d{6}-[0-9a-f]{6}/, 'RUN');
  return `${report.operation} ${path}`;
}

/** Whether the program may go on as if nothing had happened. */
export function mayGoUnnoticed(place: string, fault: Omit<StorageFault, 'at'>, late: number): boolean {
  // What was not taken of a short write is written again; only a full disk behind it is a failure.
  const isTakenUp = fault.fault === 'short' && !fault.forEver;
  return (
    isTakenUp ||
    HARMLESS.some((pattern) => pattern.test(place)) ||
    (late === 0 && HARMLESS_AFTER_ALL.test(place))
  );
}

/**
 * The manifest is no storage of ours: one that cannot be read is a wrong manifest when planning, and one that the guard
 * cannot compare when applying. Nothing was sent then.
 */
export function isManifestRefused(
  stage: keyof typeof WITHOUT_FAULT,
  exitCode: number | null,
  message: string,
): boolean {
  return exitCode === (stage === 'plan' ? 2 : 4) && message.includes('manifest.csv');
}

/** In memory where there is such a folder: what is proven here does not need a disk, which would only be slow. */
export function fastFolder(): string {
  return existsSync('/dev/shm') ? '/dev/shm' : tmpdir();
}
