import { createHash } from 'node:crypto';
import { mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { PurgeError } from '../errors.ts';

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
  const folder = join(stateDir, 'locks');
  mkdirSync(folder, { recursive: true, mode: 0o700 });
  const path = join(folder, createHash('sha256').update(name).digest('hex').slice(0, 16));
  const db = new DatabaseSync(`${path}.lock`, { timeout: 0 });
  try {
    db.exec('PRAGMA locking_mode = EXCLUSIVE; BEGIN EXCLUSIVE');
  } catch (thrown) {
    db.close();
    if (isBusy(thrown))
      throw new PurgeError('locked', heldBy(`${path}.json`, name), { next: 'wait for it to end' });
    throw new PurgeError('storage', `Could not take the lock in ${folder}.`, {
      next: 'check that --state-dir is on a local disk and can be written',
      cause: thrown,
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

function isBusy(thrown: unknown): boolean {
  return thrown instanceof Error && 'errcode' in thrown && (thrown.errcode === 5 || thrown.errcode === 6);
}

function heldBy(path: string, name: string): string {
  try {
    const holder = JSON.parse(readFileSync(path, 'utf8')) as LockHolder;
    return `Another run holds ${name}: ${holder.runId} (process ${holder.pid}, since ${holder.since}). Nothing was sent.`;
  } catch {
    // The other process has the lock and has not yet written, or has just removed, its name.
    return `Another run holds ${name}. Nothing was sent.`;
  }
}
