import os from 'node:os';
import path from 'node:path';
import { PurgeError } from '../errors.ts';

export type Environment = Readonly<Record<string, string | undefined>>;

/**
 * The state folder of this account: `$XDG_STATE_HOME/tavus-purge`, else `~/.local/state/tavus-purge`; on macOS under
 * `~/Library/Application Support`, on Windows under `%LOCALAPPDATA%`. Relative values are ignored, as the XDG base
 * directory specification asks.
 */
export function defaultStateDir(env: Environment, platform: NodeJS.Platform = process.platform): string {
  const xdg = env['XDG_STATE_HOME'];
  if (xdg !== undefined && path.isAbsolute(xdg)) return path.join(xdg, 'tavus-purge');
  if (platform === 'win32') {
    const local = env['LOCALAPPDATA'];
    if (local !== undefined && path.isAbsolute(local)) return path.join(local, 'tavus-purge');
  }
  const home = os.homedir();
  if (!path.isAbsolute(home)) {
    throw new PurgeError('usage', 'There is no home folder to keep runs in.', {
      next: 'say where with --state-dir, for example --state-dir /var/lib/tavus-purge',
    });
  }
  if (platform === 'darwin') return path.join(home, 'Library', 'Application Support', 'tavus-purge');
  return path.join(home, '.local', 'state', 'tavus-purge');
}
