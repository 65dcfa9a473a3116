import { rmSync, writeFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import { expect, test } from 'vitest';
import { SqliteLedger } from '../../src/store/ledger.ts';
import { carriedOutRun, type PlannedId } from '../helpers/run-files.ts';
import { temporaryFolder } from '../helpers/temporary-folder.ts';

const ORIGIN = 'https://tavusapi.com';
const noComplaint = (folder: string): never => {
  throw new Error(`could not read ${folder}`);
};

/** The name of a killed run in which the first `deleted` of the IDs were deleted. */
async function ranOn(stateDir: string, ids: readonly PlannedId[], deleted = ids.length): Promise<string> {
  return basename(await carriedOutRun(stateDir, ids, { endedAt: 1_767_323_045_000, deleted, end: 'killed' }));
}

test('the ledger knows what runs deleted, by base URL, kind and ID, in the hardest mode', async () => {
  const stateDir = await temporaryFolder();
  const soft = await ranOn(stateDir, [{ id: 'abcdef01' }, { id: 'abcdef02' }]);
  const hard = await ranOn(stateDir, [{ id: 'abcdef02', mode: 'hard' }]);
  using ledger = new SqliteLedger(stateDir, ORIGIN, noComplaint);
  expect(ledger.find('video', 'abcdef01')).toMatchObject({ mode: 'soft', runId: soft, outcome: 'deleted' });
  expect(ledger.find('video', 'abcdef02')).toMatchObject({ mode: 'hard', runId: hard });
  expect(ledger.find('replica', 'abcdef01')).toBeUndefined();
  using elsewhere = new SqliteLedger(stateDir, 'http://127.0.0.1:1', noComplaint);
  expect(elsewhere.find('video', 'abcdef01')).toBeUndefined();
});

test('what a killed run had deleted is known too, and what it had not is not', async () => {
  const stateDir = await temporaryFolder();
  await ranOn(stateDir, [{ id: 'abcdef01' }, { id: 'abcdef02' }], 1);
  using ledger = new SqliteLedger(stateDir, ORIGIN, noComplaint);
  expect(ledger.find('video', 'abcdef01')).toBeDefined();
  expect(ledger.find('video', 'abcdef02')).toBeUndefined();
});

test('a lost ledger is made again from the run folders', async () => {
  const stateDir = await temporaryFolder();
  await ranOn(stateDir, [{ id: 'abcdef01' }]);
  new SqliteLedger(stateDir, ORIGIN, noComplaint).close();
  for (const suffix of ['', '-wal', '-shm']) rmSync(join(stateDir, `ledger.db${suffix}`), { force: true });
  using ledger = new SqliteLedger(stateDir, ORIGIN, noComplaint);
  expect(ledger.find('video', 'abcdef01')).toBeDefined();
});

test('a damaged ledger is refused with the way out', async () => {
  const stateDir = await temporaryFolder();
  writeFileSync(
    join(stateDir, 'ledger.db'),
    'this is not a database, and long enough to be looked at'.repeat(100),
  );
  expect(() => new SqliteLedger(stateDir, ORIGIN, noComplaint)).toThrow(
    expect.objectContaining({ kind: 'storage', next: expect.stringContaining('made again') }),
  );
});

test('a run folder that cannot be read is told and does not hide the others', async () => {
  const stateDir = await temporaryFolder();
  await ranOn(stateDir, [{ id: 'abcdef01' }]);
  const broken = await ranOn(stateDir, [{ id: 'abcdef02' }]);
  const path = join(stateDir, 'runs', broken, 'run.db');
  for (const suffix of ['-wal', '-shm']) rmSync(`${path}${suffix}`, { force: true });
  writeFileSync(path, 'x'.repeat(5_000));
  const unreadable: string[] = [];
  using ledger = new SqliteLedger(stateDir, ORIGIN, (folder) => unreadable.push(folder));
  expect(unreadable).toEqual([join(stateDir, 'runs', broken)]);
  expect(ledger.find('video', 'abcdef01')).toBeDefined();
});
