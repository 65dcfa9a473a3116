import { closeSync, constants, fstatSync, openSync, writeSync } from 'node:fs';
import path from 'node:path';
import { PurgeError } from '../errors.ts';
import { printable } from '../printable.ts';
import { LOG_NDJSON } from '../store/run-folders.ts';

/** O_NONBLOCK: opening a FIFO must not wait for its reader. */
const APPEND = constants.O_WRONLY | constants.O_APPEND | constants.O_NOFOLLOW | constants.O_NONBLOCK;

/** The log of a run: lines are handed to the system before `write` returns, so that a kill loses none. */
export interface LogFile {
  write(text: string): void;
  close(): void;
}

/**
 * Creates `log.ndjson` (0600) in a run folder, or appends to it when the run is continued; never through a link.
 * Throws a `storage` PurgeError when that cannot be done. A later failed write ends the log (`onFailure` is told once)
 * and not the run: the truth about the run is `run.db`.
 */
export function openLogFile(folder: string, onFailure: (error: unknown) => void): LogFile {
  const file = path.join(folder, LOG_NDJSON);
  const descriptor = openForAppend(file);
  let isOpen = true;
  const close = (): void => {
    if (!isOpen) return;
    isOpen = false;
    closeSync(descriptor);
  };
  return {
    write(text) {
      if (!isOpen) return;
      try {
        const bytes = Buffer.from(text, 'utf8');
        // A full disk first takes a part without an error.
        for (let done = 0; done < bytes.length;) done += writeSync(descriptor, bytes, done);
      } catch (error) {
        close();
        onFailure(error);
      }
    },
    close,
  };
}

function openForAppend(file: string): number {
  try {
    const descriptor = openSync(file, APPEND | constants.O_CREAT, 0o600);
    const stat = fstatSync(descriptor);
    if (stat.isFile() && stat.nlink === 1) return descriptor;
    closeSync(descriptor);
  } catch (error) {
    throw cannotOpen(file, error);
  }
  throw cannotOpen(file, undefined);
}

function cannotOpen(file: string, cause: unknown): PurgeError {
  return new PurgeError('storage', `The log ${printable(file)} cannot be written.`, {
    next: 'remove it if it is a link or a folder, check permissions and space, then tavus-purge resume',
    cause,
  });
}
