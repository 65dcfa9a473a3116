import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { PurgeError } from '../errors.ts';
import { createPrivately } from './open-database.ts';

/** Who holds a lock: for the message to the others. The lock itself is the kernel's and dies with its process. */
export interface LockHolder {
  readonly runId: string;
  readonly pid: number;
  readonly since: string;
}

/**
 * Takes the lock on `name` (a target, a run) or throws a `locked` PurgeError at once. It is an exclusive SQLite
 * transaction on a file of its own, so it is free again the moment its process ends, kill -9 included.
 */
export function takeLock(stateDir: string, name: string, holder: LockHolder): Disposable {
  const path = lockPath(stateDir, name);
  mkdirSync(dirname(path), { recursive: true, mode: 0o700 });
  const db = exclusively(`${path}.lock`);
  if (db === 'held') {
    throw new PurgeError('locked', heldBy(`${path}.json`, name), {
      next: 'wait for it to end, then try again',
    });
  }
  writeFileSync(`${path}.json`, JSON.stringify(holder), { mode: 0o600 });
  return {
    [Symbol.dispose](): void {
      if (!db.isOpen) return;
      rmSync(`${path}.json`, { force: true });
      db.close();
    },
  };
}

/** Whether a living process holds the lock at this moment. */
export function isLocked(stateDir: string, name: string): boolean {
  const path = `${lockPath(stateDir, name)}.lock`;
  if (!existsSync(path)) return false;
  const db = exclusively(path);
  if (db === 'held') return true;
  db.close();
  return false;
}

function lockPath(stateDir: string, name: string): string {
  return join(stateDir, 'locks', createHash('sha256').update(name).digest('hex').slice(0, 16));
}

/** Short, and just long enough for somebody who only looks (`isLocked`) to be out of the way. */
const WAIT_MS = 200;

function exclusively(path: string): DatabaseSync | 'held' {
  let db: DatabaseSync | undefined;
  try {
    createPrivately(path);
    db = new DatabaseSync(path, { timeout: WAIT_MS });
    db.exec('PRAGMA locking_mode = EXCLUSIVE; BEGIN EXCLUSIVE');
    return db;
  } catch (thrown) {
    db?.close();
    if (isBusy(thrown)) return 'held';
    throw new PurgeError('storage', `Could not take the lock ${path}. Nothing was sent.`, {
      next: 'check that --state-dir is on a local disk and can be written',
      cause: thrown,
    });
  }
}

function isBusy(thrown: unknown): boolean {
  return thrown instanceof Error && 'errcode' in thrown && (thrown.errcode === 5 || thrown.errcode === 6);
}

function heldBy(path: string, name: string): string {
  try {
    // oxlint-disable-next-line no-unsafe-type-assertion -- for a message only, and written by this module
    const holder = JSON.parse(readFileSync(path, 'utf8')) as LockHolder;
    return `Another run holds ${name}: ${holder.runId} (process ${holder.pid}, since ${holder.since}). Nothing was sent.`;
  } catch {
    // The other process has the lock and has not yet written, or has just removed, its name.
    return `Another run holds ${name}. Nothing was sent.`;
  }
}
