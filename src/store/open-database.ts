import { closeSync, constants, lstatSync, openSync } from 'node:fs';
import { DatabaseSync, type StatementSync } from 'node:sqlite';
import { messageOf, PurgeError } from '../errors.ts';

/** What a file of ours is, so that another program's database is never taken for one (SQLite `application_id`). */
export interface FileFormat {
  readonly name: string;
  readonly applicationId: number;
  /** The steps from an empty file to the present version; step n makes version n + 1 (SQLite `user_version`). */
  readonly migrations: readonly string[];
  /** What an operator does about a file that cannot be used. */
  readonly cure: string;
}

export interface OpenOptions {
  readonly readOnly?: boolean;
  /** How long to wait for another process's write, in milliseconds. */
  readonly busyTimeoutMs?: number;
}

/**
 * Opens one of our SQLite files and brings it to the present version. Throws a `storage` PurgeError for a file that
 * is no database, is damaged, is not ours, or was written by a newer version of the program.
 */
export function openDatabase(path: string, format: FileFormat, options: OpenOptions = {}): DatabaseSync {
  const readOnly = options.readOnly ?? false;
  refuseStrangeFile(path, format);
  return orStorageError(`open ${format.name} ${path}`, format.cure, () => {
    if (!readOnly) createPrivately(path);
    try {
      return openAsIs(path, format, options);
    } catch (thrown) {
      if (!isLeftInWrite(thrown) && !(thrown instanceof OfEarlierVersion)) throw thrown;
      // Its process died in the middle of a write, or was of an earlier version: only somebody who may write can take
      // the half of it back, or bring it up to date.
      openAsIs(path, format, { ...options, readOnly: false }).close();
      return openAsIs(path, format, options);
    }
  });
}

function openAsIs(path: string, format: FileFormat, options: OpenOptions): DatabaseSync {
  const readOnly = options.readOnly ?? false;
  const db = new DatabaseSync(path, { readOnly, timeout: options.busyTimeoutMs ?? 5_000 });
  try {
    migrate(db, { path, format, readOnly });
    return db;
  } catch (thrown) {
    db.close();
    throw thrown;
  }
}

/** The file was opened to read only, and must be brought up to date first. */
class OfEarlierVersion extends Error {}

/** SQLITE_READONLY_ROLLBACK: a journal waits to be rolled back, and the file was opened to read only. */
function isLeftInWrite(thrown: unknown): boolean {
  return thrown instanceof Error && 'errcode' in thrown && thrown.errcode === 776;
}

/** Runs `work` and turns what SQLite or the file system throws into a `storage` PurgeError that says what was tried. */
export function orStorageError<T>(what: string, cure: string, work: () => T): T {
  try {
    return work();
  } catch (thrown) {
    throw storageError(what, cure, thrown);
  }
}

/** A `storage` PurgeError for a failure to do `what`; a PurgeError stays what it is. */
export function storageError(what: string, cure: string, thrown: unknown): PurgeError {
  if (thrown instanceof PurgeError) return thrown;
  return new PurgeError('storage', `Could not ${what}: ${reasonOf(thrown)}.`, { next: cure, cause: thrown });
}

/** Runs `work` in one transaction; all of it or nothing is kept. */
export function inTransaction(db: DatabaseSync, kind: 'IMMEDIATE' | 'DEFERRED', work: () => void): void {
  db.exec(`BEGIN ${kind}`);
  try {
    work();
    db.exec('COMMIT');
  } catch (thrown) {
    // After some failures (a full disk) SQLite has rolled back already.
    if (db.isTransaction) db.exec('ROLLBACK');
    throw thrown;
  }
}

/** The single number that a statement such as `SELECT count(*)` answers with. */
export function numberFrom(statement: StatementSync, ...parameters: (string | number | null)[]): number {
  const row = statement.get(...parameters);
  const [value] = row === undefined ? [] : Object.values(row);
  return typeof value === 'number' ? value : 0;
}

/**
 * Makes an empty file (0600) if there is none: SQLite would use the process's umask. A file that is there is not
 * opened: closing it again would drop the locks that this process holds on it (POSIX locks belong to the process).
 */
export function createPrivately(path: string): void {
  const { O_RDWR, O_CREAT, O_EXCL, O_NOFOLLOW } = constants;
  try {
    closeSync(openSync(path, O_RDWR | O_CREAT | O_EXCL | O_NOFOLLOW, 0o600));
  } catch (thrown) {
    // A link would lead SQLite to somebody else's file.
    if (lstatSync(path, { throwIfNoEntry: false })?.isFile() !== true) throw thrown;
  }
}

function refuseStrangeFile(path: string, format: FileFormat): void {
  const stat = lstatSync(path, { throwIfNoEntry: false });
  if (stat === undefined || stat.isFile()) return;
  const what = stat.isSymbolicLink() ? 'is a symbolic link' : 'is not a regular file';
  throw new PurgeError('storage', `${path} ${what}; a ${format.name} must be a file of its own.`, {
    next: format.cure,
  });
}

function migrate(db: DatabaseSync, file: { path: string; format: FileFormat; readOnly: boolean }): void {
  const { format, path } = file;
  const latest = format.migrations.length;
  const version = numberFrom(db.prepare('PRAGMA user_version'));
  const applicationId = numberFrom(db.prepare('PRAGMA application_id'));
  const isEmpty = numberFrom(db.prepare('SELECT count(*) FROM sqlite_schema')) === 0;
  if (!isEmpty && applicationId !== format.applicationId) {
    throw new PurgeError('storage', `${path} is a database, but no ${format.name} of tavus-purge.`, {
      next: format.cure,
    });
  }
  if (version > latest) {
    throw new PurgeError(
      'storage',
      `${path} was written by a newer tavus-purge (format ${version}, this version knows ${latest}).`,
      { next: 'use the newer tavus-purge' },
    );
  }
  if (version === latest) return;
  if (file.readOnly && version > 0) throw new OfEarlierVersion();
  if (file.readOnly) {
    throw new PurgeError('storage', `${path} is not a complete ${format.name}.`, { next: format.cure });
  }
  inTransaction(db, 'IMMEDIATE', () => {
    for (const step of format.migrations.slice(version)) db.exec(step);
    db.exec(`PRAGMA application_id = ${format.applicationId}; PRAGMA user_version = ${latest}`);
  });
}

// SQLite result codes: https://www.sqlite.org/rescode.html
const SQLITE_REASONS: Readonly<Record<number, string>> = {
  5: 'another process is using the file',
  8: 'the file or its folder is read-only',
  10: 'the disk reported an input/output error',
  11: 'the file is damaged',
  13: 'the disk is full',
  14: 'the file cannot be opened',
  26: 'the file is not an SQLite database, or is damaged',
};

function reasonOf(thrown: unknown): string {
  const code = sqliteCode(thrown);
  return (code === undefined ? undefined : SQLITE_REASONS[code]) ?? messageOf(thrown);
}

/** SQLite's primary result code, when that is what was thrown. */
export function sqliteCode(thrown: unknown): number | undefined {
  if (!(thrown instanceof Error) || !('errcode' in thrown) || typeof thrown.errcode !== 'number')
    return undefined;
  return thrown.errcode & 0xff;
}
