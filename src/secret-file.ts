import { closeSync, constants, fstatSync, openSync, readSync } from 'node:fs';
import { platform } from 'node:os';
import { PurgeError } from './errors.ts';
import { shownValue } from './key-like.ts';

const LARGEST_BYTES = 4096;
/** Readable or writable by every user of the machine. */
const OPEN_TO_ALL = 0o006;

/** A file that holds a secret and nothing else. */
export interface SecretFile {
  readonly path: string;
  /** `API key file`. */
  readonly what: string;
  /** `key`: what it should hold alone. */
  readonly secret: string;
}

/**
 * The text of a secret file without one trailing newline. Throws a `usage` PurgeError, which shows nothing of it, for a
 * file that is not small and regular or that every user can read. Readable by the group is fine (Kubernetes fsGroup).
 */
export function readSecretFile(file: SecretFile): string {
  let descriptor: number | undefined;
  try {
    // O_NONBLOCK: opening a FIFO must not wait for its writer.
    descriptor = openSync(file.path, constants.O_RDONLY | constants.O_NONBLOCK);
    const stat = fstatSync(descriptor);
    if (!stat.isFile() || stat.size > LARGEST_BYTES) {
      const next = `put the ${file.secret} alone into a file`;
      throw secretFileError(file, 'is not a small regular file', next);
    }
    if (platform() !== 'win32' && (stat.mode & OPEN_TO_ALL) !== 0) {
      const next = 'chmod 600 the file (Kubernetes: defaultMode 0400)';
      throw secretFileError(file, 'is open to every user of this machine', next);
    }
    const buffer = Buffer.alloc(LARGEST_BYTES);
    const length = readSync(descriptor, buffer, 0, LARGEST_BYTES, 0);
    return buffer.toString('utf8', 0, length).replace(/\r?\n$/, '');
  } catch (error) {
    if (error instanceof PurgeError) throw error;
    throw secretFileError(file, 'cannot be read', 'check the path and its permissions', error);
  } finally {
    if (descriptor !== undefined) closeSync(descriptor);
  }
}

/** A `usage` PurgeError about a secret file. */
export function secretFileError(
  { path, what }: SecretFile,
  problem: string,
  next: string,
  cause?: unknown,
): PurgeError {
  return new PurgeError('usage', `The ${what} ${shownValue(path)} ${problem}.`, { next, cause });
}
