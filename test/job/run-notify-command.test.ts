import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { commandEnvironment, runNotifyCommand } from '../../src/job/run-notify-command.ts';
import { temporaryFolder } from '../helpers/temporary-folder.ts';
import { quickDelivery } from './quick-delivery.ts';

/** A command that runs this shell script in a folder of its own. */
async function script(
  text: string,
  environment = process.env,
): Promise<{ command: Parameters<typeof runNotifyCommand>[0]; folder: string }> {
  const folder = await temporaryFolder();
  await writeFile(join(folder, 'notify.sh'), `#!/bin/sh\n${text}\n`, { mode: 0o755 });
  const argv = ['./notify.sh', 'token-in-an-argument; touch injected', '$(touch injected)'];
  return { command: { argv, folder, environment, input: '{"job":"nightly"}\n' }, folder };
}

describe('runNotifyCommand', () => {
  test('gives the program its arguments and its input as they are, in its folder', async () => {
    const { command, folder } = await script('cat > input; printf "%s\\n" "$@" > arguments');
    expect(await runNotifyCommand(command, quickDelivery())).toBe(null);
    expect(await readFile(join(folder, 'input'), 'utf8')).toBe('{"job":"nightly"}\n');
    expect(await readFile(join(folder, 'arguments'), 'utf8')).toBe(
      'token-in-an-argument; touch injected\n$(touch injected)\n',
    );
    await expect(readFile(join(folder, 'injected'))).rejects.toThrow('ENOENT');
  });

  test('gives it a few names of the environment, and never the key', async () => {
    const environment = {
      PATH: process.env['PATH'],
      HOME: '/home/purge',
      LC_ALL: 'C',
      TAVUS_API_KEY: 'secret',
      TAVUS_PURGE_API_KEY_FILE: '/secret',
      NODE_OPTIONS: '--no-warnings',
      LD_PRELOAD: '',
    };
    const { command, folder } = await script('env > seen', environment);
    expect(await runNotifyCommand(command, quickDelivery())).toBe(null);
    const names = (await readFile(join(folder, 'seen'), 'utf8')).match(/^\w+(?==)/gm) ?? [];
    // What the shell itself sets does not count.
    expect(names.filter((name) => !['PWD', 'OLDPWD', 'SHLVL', '_'].includes(name)).toSorted()).toEqual([
      'HOME',
      'LC_ALL',
      'PATH',
    ]);
  });

  test('a failing program is run again, and its exit code is told', async () => {
    const { command, folder } = await script('echo . >> tries; exit 3');
    expect(await runNotifyCommand(command, quickDelivery())).toBe(
      'The command notify.sh ended with exit code 3 (3 tries).',
    );
    expect(await readFile(join(folder, 'tries'), 'utf8')).toBe('.\n.\n.\n');
  });

  test('a program that succeeds at its second try has succeeded', async () => {
    const { command } = await script('test -e tried || { touch tried; exit 1; }');
    expect(await runNotifyCommand(command, quickDelivery())).toBe(null);
  });

  test('a program that kills itself is told by its signal', async () => {
    const { command } = await script('kill -TERM $$');
    expect(await runNotifyCommand(command, quickDelivery({ tries: 1 }))).toBe(
      'The command notify.sh ended by SIGTERM.',
    );
  });

  test('a program that hangs is killed at the limit, with all that it started', async () => {
    const { command, folder } = await script('sleep 600 & echo $! > child; wait');
    const told = await runNotifyCommand(command, quickDelivery({ tries: 1, tryMs: 1_000 }));
    expect(told).toBe('The command notify.sh took longer than 1 s.');
    const child = Number(await readFile(join(folder, 'child'), 'utf8'));
    await expect.poll(() => isRunning(child)).toBe(false);
  });

  test('an abort kills it, too', async () => {
    const { command, folder } = await script('echo $$ > pid; exec sleep 600');
    const asked = new AbortController();
    const telling = runNotifyCommand(command, quickDelivery({}, asked.signal));
    const pidFile = join(folder, 'pid');
    await expect.poll(() => readFile(pidFile, 'utf8').catch(() => '')).toMatch(/\n/);
    asked.abort();
    expect(await telling).toMatch(/^The command notify\.sh was not told, since/);
    const program = Number(await readFile(pidFile, 'utf8'));
    await expect.poll(() => isRunning(program)).toBe(false);
  });

  test('a program that leaves others behind is not waited for beyond its own end', async () => {
    const { command, folder } = await script('sleep 600 & echo $! > child');
    expect(await runNotifyCommand(command, quickDelivery({ tryMs: 20_000 }))).toBe(null);
    process.kill(Number(await readFile(join(folder, 'child'), 'utf8')));
  });

  test('a program that reads nothing, and writes more than a pipe holds, is fine', async () => {
    const { command } = await script('exec 0<&-; head -c 1000000 /dev/zero; head -c 1000000 /dev/zero >&2');
    const input = 'x'.repeat(1_000_000);
    expect(await runNotifyCommand({ ...command, input }, quickDelivery())).toBe(null);
  });

  test.each([
    [['./not-there.sh', 'token'], 'The command not-there.sh could not be started (ENOENT).'],
    [['./data.txt', 'token'], 'The command data.txt could not be started (EACCES).'],
    [['./notify.sh', 'token\0'], 'It failed in a way that was not foreseen (TypeError).'],
  ])('what cannot be started is not tried again: %j', async (argv, expected) => {
    const { command, folder } = await script('exit 0');
    await writeFile(join(folder, 'data.txt'), '');
    expect(await runNotifyCommand({ ...command, argv }, quickDelivery())).toBe(expected);
  });
});

test('an environment is cut down to names that are known to be harmless', () => {
  expect(commandEnvironment({ PATH: '/bin', LANG: 'C', TZ: 'UTC', MY_TOKEN: 'x', path: 'x' })).toEqual({
    PATH: '/bin',
    LANG: 'C',
    TZ: 'UTC',
  });
});

/** Whether a process runs; one that ended and that nobody has asked for does not. */
async function isRunning(pid: number): Promise<boolean> {
  try {
    const stat = await readFile(`/proc/${String(pid)}/stat`, 'utf8');
    return !/\) [ZX] /.test(stat);
  } catch {
    return false;
  }
}
