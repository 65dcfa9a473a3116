import { access, constants, stat } from 'node:fs/promises';
import { delimiter, dirname, resolve } from 'node:path';
import { PurgeError, rethrowBug } from '../errors.ts';
import { printable } from '../printable.ts';
import type { Job } from './job.ts';
import { notifyUrl } from './notify-url.ts';
import type { Environment } from './run-notify-command.ts';
import { readWebhookSecret } from './webhook-secret.ts';

const DEFAULT_PATH = '/usr/local/bin:/usr/bin:/bin';

/**
 * What would keep the notifications of a job from being delivered, as far as this machine can tell: wrong URLs, a
 * secret file that cannot be used, a command that is not there. Sends nothing and runs nothing.
 */
export async function checkNotify(
  job: Pick<Job, 'file' | 'notify'>,
  environment: Environment,
): Promise<readonly PurgeError[]> {
  const { ping, webhook, command } = job.notify;
  const checks: readonly (() => unknown)[] = [
    () => ping !== null && notifyUrl(ping, 'notify.ping'),
    () => webhook !== null && notifyUrl(webhook.url, 'notify.webhook.url'),
    () => webhook !== null && webhook.secretFile !== null && readWebhookSecret(webhook.secretFile),
    () => command !== null && checkProgram(command[0] ?? '', dirname(job.file), environment),
  ];
  const problems: PurgeError[] = [];
  for (const check of checks) {
    try {
      await check();
    } catch (error) {
      rethrowBug(error);
      problems.push(error);
    }
  }
  return problems;
}

/** Throws unless the program can be run: found by PATH, or from the folder of the job file when its name has a `/`. */
async function checkProgram(program: string, folder: string, environment: Environment): Promise<void> {
  const folders = (environment['PATH'] ?? DEFAULT_PATH).split(delimiter);
  const paths = program.includes('/')
    ? [resolve(folder, program)]
    : folders.map((part) => resolve(folder, part, program));
  if (program !== '') {
    for (const path of paths) if (await isProgram(path)) return;
  }
  throw new PurgeError(
    'usage',
    `The program of notify.command, "${printable(program, 100)}", cannot be run.`,
    {
      next: 'give its path (from the folder of the job file) and make it executable: chmod +x',
    },
  );
}

async function isProgram(path: string): Promise<boolean> {
  try {
    await access(path, constants.X_OK);
    return (await stat(path)).isFile();
  } catch {
    return false;
  }
}
