import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdir, readFile, symlink, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import { isLocked, takeLock, targetLock } from '../../src/store/target-lock.ts';
import { temporaryFolder } from '../helpers/temporary-folder.ts';

const TARGET = { baseUrl: 'https://tavusapi.com', keyFingerprint: '01234567' };
const HOLDER = { runId: '20260102-030405-abcdef', since: '2026-01-02T03:04:05.000Z' };

/** A process that takes the lock, says `taken` or `refused`, and keeps what it has until it is killed. */
async function lockInProcess(
  stateDir: string,
): Promise<{ said: string; pid: number; kill: () => Promise<void> }> {
  const module = new URL('../../src/store/target-lock.ts', import.meta.url).href;
  const code = `
    import { targetLock, takeLock } from ${JSON.stringify(module)};
    try {
      globalThis.lock = takeLock(targetLock(${JSON.stringify(stateDir)}, ${JSON.stringify(TARGET)}), ${JSON.stringify(HOLDER)});
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
  expect(() => takeLock(targetLock(stateDir, TARGET), HOLDER)).toThrow(
    `20260102-030405-abcdef (process ${other.pid}, since 2026-01-02T03:04:05.000Z)`,
  );
  expect(isLocked(targetLock(stateDir, TARGET))).toBe(true);
  expect(isLocked(targetLock(stateDir, { ...TARGET, keyFingerprint: 'ffffffff' }))).toBe(false);

  await other.kill();
  expect(isLocked(targetLock(stateDir, TARGET))).toBe(false);
  takeLock(targetLock(stateDir, TARGET), HOLDER)[Symbol.dispose]();
});

test('of eight processes that start at once exactly one gets the lock', async () => {
  const stateDir = await temporaryFolder();
  const starters = await Promise.all(Array.from({ length: 8 }, () => lockInProcess(stateDir)));
  expect(starters.map(({ said }) => said).toSorted()).toEqual([...Array<string>(7).fill('locked'), 'taken']);
});

test('different targets do not stand in each other’s way', async () => {
  const stateDir = await temporaryFolder();
  using one = takeLock(targetLock(stateDir, TARGET), HOLDER);
  using two = takeLock(targetLock(stateDir, { ...TARGET, keyFingerprint: 'ffffffff' }), HOLDER);
  expect([one, two]).toHaveLength(2);
  expect(isLocked(targetLock(stateDir, TARGET))).toBe(true);
});

test('a lock holds whatever its own process does with it meanwhile: looking, or trying to take it again', async () => {
  const stateDir = await temporaryFolder();
  const lock = targetLock(stateDir, TARGET);
  using held = takeLock(lock, HOLDER);
  expect(isLocked(lock)).toBe(true);
  expect(() => takeLock(lock, HOLDER)).toThrow(/Another run holds/);
  // POSIX locks belong to the process: a careless open and close of the file would have dropped them.
  expect((await lockInProcess(stateDir)).said).toBe('locked');
  expect(held).toBeDefined();
});

test('the name of the holder is not written through a link, and a lock holds without it', async () => {
  const stateDir = await temporaryFolder();
  const lock = targetLock(stateDir, TARGET);
  const victim = join(stateDir, 'victim');
  await writeFile(victim, 'untouched');
  await mkdir(dirname(lock.path), { recursive: true });
  await symlink(victim, `${lock.path}.json`);
  using held = takeLock(lock, HOLDER);
  expect(held).toBeDefined();
  expect(await readFile(victim, 'utf8')).toBe('untouched');
  expect((await lockInProcess(stateDir)).said).toBe('locked');
});

test('a holder whose name cannot be read is somebody all the same', async () => {
  const stateDir = await temporaryFolder();
  const lock = targetLock(stateDir, TARGET);
  using held = takeLock(lock, HOLDER);
  await writeFile(`${lock.path}.json`, '{"runId":');
  expect(() => takeLock(lock, HOLDER)).toThrow(
    `Another run holds the target ${TARGET.baseUrl} with the key ${TARGET.keyFingerprint}. Nothing was sent.`,
  );
  held[Symbol.dispose]();
  // The second time, when `using` ends, it takes nothing from who holds it then.
  using next = takeLock(lock, HOLDER);
  held[Symbol.dispose]();
  expect(isLocked(lock)).toBe(true);
  expect(next).toBeDefined();
});

test('a lock whose folder cannot be made is a failure of storage, not a bug', async () => {
  const stateDir = await temporaryFolder();
  await writeFile(join(stateDir, 'locks'), '');
  expect(() => takeLock(targetLock(stateDir, TARGET), HOLDER)).toThrow(
    expect.objectContaining({ kind: 'storage', message: expect.stringContaining('Nothing was sent') }),
  );
});
