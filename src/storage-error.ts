import { PurgeError } from './errors.ts';
import { printable } from './printable.ts';

/**
 * What a failed file operation means for the operator: a `storage` PurgeError with `cause` when the system refused it,
 * else (a bug, or a PurgeError already) what was thrown. `action` completes "cannot … <path>".
 */
export function storageErrorFrom(action: string, path: string, thrown: unknown): unknown {
  const code = systemCodeOf(thrown);
  if (code === undefined) return thrown;
  const [why, next] = REASONS[code] ?? [`the system answered ${code}`, 'choose another folder'];
  return new PurgeError('storage', `cannot ${action} ${printable(path)}: ${why}`, { next, cause: thrown });
}

/** The system's code of a failed call (`ENOSPC` …); `undefined` for everything else that can be thrown. */
export function systemCodeOf(thrown: unknown): string | undefined {
  if (!(thrown instanceof Error) || !('syscall' in thrown) || !('code' in thrown)) return undefined;
  return typeof thrown.code === 'string' ? thrown.code : undefined;
}

/** Runs a file operation; a failure of the system names what could not be done to which path. */
export async function naming<T>(action: string, path: string, operate: () => Promise<T>): Promise<T> {
  try {
    return await operate();
  } catch (error) {
    throw storageErrorFrom(action, path, error);
  }
}

/** A name that is not written to or made, and what to do about it. */
export function refusal(path: string, what: string, next: string): PurgeError {
  return new PurgeError('refused', `${printable(path)} ${what}`, { next });
}

const REASONS: Readonly<Record<string, readonly [why: string, next: string]>> = {
  ENOSPC: ['no space is left on the disk', 'free some space'],
  EDQUOT: ['the disk quota is used up', 'free some space'],
  EFBIG: ['the file would be larger than allowed', 'raise the file size limit (ulimit -f)'],
  EROFS: ['the file system is read-only', 'choose a folder that can be written'],
  EACCES: ['permission denied', 'give this user access or choose another folder'],
  EPERM: ['permission denied', 'give this user access or choose another folder'],
  EMFILE: ['too many files are open', 'raise the limit of open files (ulimit -n)'],
  ENFILE: ['too many files are open on this machine', 'close other programs'],
  EIO: ['the disk reported an error', 'check the disk before anything else'],
  ENOENT: ['it does not exist', 'check that the folder is still there'],
  ENOTDIR: ['a part of the path is not a folder', 'choose another folder'],
  EEXIST: ['a file of that name is in the way', 'choose another folder'],
  ENAMETOOLONG: ['the name is too long', 'choose a shorter path'],
  ELOOP: ['the path leads through too many symbolic links', 'choose another folder'],
};
