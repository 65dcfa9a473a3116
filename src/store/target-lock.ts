import { createHash } from 'node:crypto';
import {
  closeSync,
  constants,
  existsSync,
  mkdirSync,
  openSync,
  readFileSync,
  rmSync,
  writeSync,
} from 'node:fs';
import { dirname, join } from 'node:path';
// The kernel gives the lock to this process and to no other: its number is part of what a lock is, not a setting.
import { pid } from 'node:process';
import { DatabaseSync } from 'node:sqlite';
import { PurgeError } from '../errors.ts';
import type { Target } from '../types.ts';
import { createPrivately, sqliteCode } from './open-database.ts';

/** The folder of a state folder that holds the locks on targets. */
export const LOCKS = 'locks';

/** Something that one process at a time may hold. */
export interface Lock {
  /** For the message to the others: `the run …`. */
  readonly name: string;
  /** The lock file; the holder's name stands in a file beside it. */
  readonly path: string;
}

/** For what this process holds a lock: for the message to the others. */
export interface LockHolder {
  readonly runId: string;
  readonly since: string;
}

/** The lock on deleting at a target, for all runs of a state folder. */
export function targetLock(stateDir: string, { baseUrl, keyFingerprint }: Target): Lock {
  const name = `the target ${baseUrl} with the key ${keyFingerprint}`;
  const file = createHash('sha256').update(name).digest('hex').slice(0, 16);
  return { name, path: join(stateDir, LOCKS, `${file}.lock`) };
}

/** The lock on carrying out a run. It lies in the run folder, so that it is one and the same however the run is named. */
export function runLock(runId: string, folder: string): Lock {
  return { name: `the run ${runId}`, path: join(folder, '.lock') };
}

/** The lock on a job, for all its starts: one at a time works on its manifests. */
export function jobLock(stateDir: string, job: string): Lock {
  return { name: `the job ${job}`, path: join(stateDir, LOCKS, `job-${job}.lock`) };
}

/**
 * Takes a lock or throws a `locked` PurgeError at once. It is an exclusive SQLite transaction on a file of its own, so
 * it is free again the moment its process ends, kill -9 included.
 */
export function takeLock(lock: Lock, holder: LockHolder): Disposable {
  const db = exclusively(lock.path);
  if (db === 'held') {
    throw new PurgeError('locked', heldBy(lock), { next: 'wait for it to end, then try again' });
  }
  nameHolder(holderPath(lock), holder);
  return {
    [Symbol.dispose](): void {
      if (!db.isOpen) return;
      rmSync(holderPath(lock), { force: true });
      db.close();
    },
  };
}

/** Whether a living process holds the lock at this moment. */
export function isLocked(lock: Lock): boolean {
  if (!existsSync(lock.path)) return false;
  const db = exclusively(lock.path);
  if (db === 'held') return true;
  db.close();
  return false;
}

function holderPath(lock: Lock): string {
  return `${lock.path}.json`;
}

/** Short, and just long enough for somebody who only looks (`isLocked`) to be out of the way. */
const WAIT_MS = 200;

function exclusively(path: string): DatabaseSync | 'held' {
  let db: DatabaseSync | undefined;
  try {
    mkdirSync(dirname(path), { recursive: true, mode: 0o700 });
    createPrivately(path);
    db = new DatabaseSync(path, { timeout: WAIT_MS });
    db.exec('PRAGMA locking_mode = EXCLUSIVE; BEGIN EXCLUSIVE');
    return db;
  } catch (thrown) {
    db?.close();
    const code = sqliteCode(thrown);
    if (code === SQLITE_BUSY || code === SQLITE_LOCKED) return 'held';
    throw new PurgeError('storage', `Could not take the lock ${path}. Nothing was sent.`, {
      next: 'check that --state-dir is on a local disk and can be written',
      cause: thrown,
    });
  }
}

const SQLITE_BUSY = 5;
const SQLITE_LOCKED = 6;

/** The lock holds without it, so a failure is none; a link at this name is not followed. */
function nameHolder(path: string, holder: LockHolder): void {
  try {
    const { O_WRONLY, O_CREAT, O_TRUNC, O_NOFOLLOW } = constants;
    const file = openSync(path, O_WRONLY | O_CREAT | O_TRUNC | O_NOFOLLOW, 0o600);
    writeSync(file, JSON.stringify({ ...holder, pid }));
    closeSync(file);
  } catch {
    // The others are told only that somebody holds it.
  }
}

function heldBy(lock: Lock): string {
  try {
    // oxlint-disable-next-line no-unsafe-type-assertion -- for a message only, and written by this module
    const holder = JSON.parse(readFileSync(holderPath(lock), 'utf8')) as LockHolder & {
      readonly pid: number;
    };
    return `Another run holds ${lock.name}: ${holder.runId} (process ${holder.pid}, since ${holder.since}). Nothing was sent.`;
  } catch {
    // The other process has the lock and has not yet written, or has just removed, its name.
    return `Another run holds ${lock.name}. Nothing was sent.`;
  }
}
