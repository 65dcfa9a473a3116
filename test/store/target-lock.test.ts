import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { expect, onTestFinished, test } from 'vitest';
import { isLocked, takeLock } from '../../src/store/target-lock.ts';
import { temporaryFolder } from '../helpers/temporary-folder.ts';

const HOLDER = { runId: '20260102-030405-abcdef', pid: 1, since: '2026-01-02T03:04:05.000Z' };

/** A process that takes the lock, says `taken` or `refused`, and keeps what it has until it is killed. */
async function lockInProcess(
  stateDir: string,
): Promise<{ said: string; pid: number; kill: () => Promise<void> }> {
  const module = new URL('../../src/store/target-lock.ts', import.meta.url).href;
  const code = `
    import { takeLock } from ${JSON.stringify(module)};
    try {
      globalThis.lock = takeLock(${JSON.stringify(stateDir)}, 'the target', ${JSON.stringify(HOLDER)});
      console.log('taken');
    } catch (error) { console.log(error.kind); }
    setTimeout(() => {}, 60_000);`;
  const child = spawn(process.execPath, ['--input-type=module', '-e', code], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const kill = async (): Promise<void> => {
    if (child.exitCode !== null || child.signalCode !== null) return;
    child.kill('SIGKILL');
    await once(child, 'exit');
  };
  onTestFinished(kill);
  const [said] = await once(child.stdout, 'data');
  return { said: String(said).trim(), pid: child.pid ?? 0, kill };
}

test('a target is held by one process, which is named to the others, and free again right after kill -9', async () => {
  const stateDir = await temporaryFolder();
  const other = await lockInProcess(stateDir);
  expect(other.said).toBe('taken');
  expect(() => takeLock(stateDir, 'the target', HOLDER)).toThrow(/20260102-030405-abcdef/);
  expect(isLocked(stateDir, 'the target')).toBe(true);
  expect(isLocked(stateDir, 'another target')).toBe(false);

  await other.kill();
  expect(isLocked(stateDir, 'the target')).toBe(false);
  takeLock(stateDir, 'the target', HOLDER)[Symbol.dispose]();
});

test('of eight processes that start at once exactly one gets the lock', async () => {
  const stateDir = await temporaryFolder();
  const starters = await Promise.all(Array.from({ length: 8 }, () => lockInProcess(stateDir)));
  expect(starters.map(({ said }) => said).toSorted()).toEqual([...Array<string>(7).fill('locked'), 'taken']);
});

test('different targets do not stand in each other’s way', async () => {
  const stateDir = await temporaryFolder();
  using one = takeLock(stateDir, 'one', HOLDER);
  using two = takeLock(stateDir, 'two', HOLDER);
  expect([one, two]).toHaveLength(2);
  expect(isLocked(stateDir, 'one')).toBe(true);
});
