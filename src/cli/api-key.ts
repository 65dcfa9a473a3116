import { PurgeError } from '../errors.ts';
import { checkKey } from '../tavus/target.ts';
import { readSecretFile } from '../secret-file.ts';
import type { Settings } from './settings.ts';
import type { Environment } from './state-dir.ts';

/** An API key that may be sent, and where it came from. */
export interface FoundKey {
  readonly key: string;
  /** `TAVUS_API_KEY`, or the option that named the file. Never the key. */
  readonly source: string;
}

/**
 * The API key: of the file named by a flag, else `TAVUS_API_KEY`, else of the file named by environment or config
 * file. Two sources in the environment are refused. `undefined` when there is none; an empty variable is none.
 */
export function findKey(settings: Settings, env: Environment): FoundKey | undefined {
  const file = settings.values.apiKeyFile;
  const origin = settings.settings.apiKeyFile.origins[0];
  const inEnv = env['TAVUS_API_KEY'];
  const isInEnv = inEnv !== undefined && inEnv !== '';
  if (file !== undefined && origin?.from === 'environment' && isInEnv) {
    throw new PurgeError('usage', 'TAVUS_API_KEY and TAVUS_PURGE_API_KEY_FILE are both set.', {
      next: 'unset one of them',
    });
  }
  if (isInEnv && origin?.from !== 'flag') return { key: checkKey(inEnv), source: 'TAVUS_API_KEY' };
  if (file === undefined || origin === undefined) return undefined;
  return { key: checkKey(readKeyFile(file)), source: `the file of ${origin.where}` };
}

/** Like `findKey`, for commands that cannot do without one. */
export function requireKey(settings: Settings, env: Environment): FoundKey {
  const found = findKey(settings, env);
  if (found) return found;
  const why = env['TAVUS_API_KEY'] === '' ? 'TAVUS_API_KEY is empty.' : 'There is no API key.';
  throw new PurgeError('usage', why, {
    next: 'set TAVUS_API_KEY, or name a file with --api-key-file; tavus-purge doctor checks it',
  });
}

/** The text of a key file without one trailing newline. A file that every user can read is refused. */
export function readKeyFile(path: string): string {
  return readSecretFile({ path, what: 'API key file', secret: 'key' });
}
