import { rmSync, writeFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import { expect, test } from 'vitest';
import { findInRuns, planPurge, pruneRuns } from '../../src/index.ts';
import { SqliteLedger } from '../../src/store/ledger.ts';
import { carriedOutRun, openRun, saveRun } from '../helpers/run-files.ts';
import { temporaryFolder } from '../helpers/temporary-folder.ts';

const ID = 'abcdef01';
const OTHER = 'abcdef02';
const AT = Date.UTC(2026, 0, 2, 3);

function absorb(stateDir: string): void {
  new SqliteLedger(stateDir, 'https://tavusapi.com', () => {}).close();
}

test('an ID is found in every run that planned it, with what became of it and by which job', async () => {
  const stateDir = await temporaryFolder();
  const deleted = await carriedOutRun(stateDir, [{ id: ID }], { job: 'nightly', endedAt: AT });
  const rejected = await carriedOutRun(stateDir, [{ id: OTHER }, { id: ID, mode: 'hard' }], {
    endedAt: AT,
    deleted: 1,
  });
  const planned = await saveRun(stateDir, [{ id: ID }]);
  await saveRun(stateDir, [{ id: OTHER }]);
  const findings = await findInRuns({ stateDir, id: ID });
  const common = {
    kind: 'video',
    baseUrl: 'https://tavusapi.com',
    plannedAt: '2026-01-02T03:04:05.000Z',
    skipped: null,
  };
  expect(findings).toHaveLength(3);
  expect(findings.map(({ runId }) => runId)).toEqual(
    findings
      .map(({ runId }) => runId)
      .toSorted()
      .toReversed(),
  );
  const of = (folder: string) => findings.find((finding) => finding.folder === folder);
  expect(of(deleted)).toMatchObject({
    ...common,
    runId: basename(deleted),
    job: 'nightly',
    mode: 'soft',
    outcome: 'deleted',
    final: true,
    finishedAt: '2026-01-02T02:59:59.600Z',
    entry: { manifest: 'ids.csv', line: 2 },
  });
  expect(of(rejected)).toMatchObject({
    ...common,
    job: null,
    mode: 'hard',
    outcome: 'rejected',
    entry: { line: 3 },
  });
  expect(of(planned)).toMatchObject({ ...common, outcome: 'would_delete', final: false, finishedAt: null });
});

test('a run that did not end says what it knows so far', async () => {
  const stateDir = await temporaryFolder();
  using run = await openRun(stateDir, [{ id: ID }, { id: OTHER }]);
  const journal = run.journal();
  const life = { keyFingerprint: 'x', settings: run.header.settings, toolVersion: '0.1.0', holdFiles: [] };
  await journal.startLife({ ...life, startedAt: AT });
  await journal.begin(journal.pending(-1, 1)[0]?.row ?? 0, 1, AT);
  expect(await findInRuns({ stateDir, id: ID })).toMatchObject([{ outcome: 'unknown', final: false }]);
  expect(await findInRuns({ stateDir, id: OTHER })).toMatchObject([
    { outcome: 'not_attempted', final: false },
  ]);
});

test('entries that were skipped are found with why: on hold, deleted before', async () => {
  const folder = await temporaryFolder();
  const stateDir = join(folder, 'state');
  const manifest = join(folder, 'ids.csv');
  const hold = join(folder, 'keep.csv');
  writeFileSync(manifest, `id,kind,reason,ticket\n${ID},video,old,T-1\n${OTHER},video,,\n`);
  writeFileSync(hold, `id,reason\n${ID},court case\n`);
  await planPurge({ manifests: [manifest], stateDir, holds: [hold], job: 'nightly' });
  expect(await findInRuns({ stateDir, id: ID })).toMatchObject([
    {
      job: 'nightly',
      outcome: 'skipped',
      skipped: 'held',
      final: true,
      entry: { reason: 'old', ticket: 'T-1' },
    },
  ]);
});

test('the kind tells two things of one ID apart, and an unknown ID is in no run', async () => {
  const stateDir = await temporaryFolder();
  await saveRun(stateDir, [{ id: ID, kind: 'replica' }]);
  expect(await findInRuns({ stateDir, id: ID, kind: 'replica' })).toHaveLength(1);
  expect(await findInRuns({ stateDir, id: ID, kind: 'video' })).toEqual([]);
  expect(await findInRuns({ stateDir, id: OTHER })).toEqual([]);
  expect(await findInRuns({ stateDir: join(stateDir, 'none'), id: ID })).toEqual([]);
});

test.each(['', 'abc', "x' OR '1'='1", '../../etc', 'a'.repeat(65), '\u001B[2Jabcd'])(
  'what cannot be an ID is refused: %j',
  async (id) => {
    const stateDir = await temporaryFolder();
    await expect(findInRuns({ stateDir, id })).rejects.toMatchObject({
      exitCode: 2,
      message: expect.not.stringContaining('\u001B'),
      next: expect.stringContaining('4 to 64'),
    });
  },
);

test('a run whose folder somebody removed is known by its deletions, in every base URL and kind', async () => {
  const stateDir = await temporaryFolder();
  const gone = await carriedOutRun(stateDir, [{ id: ID }], { endedAt: AT });
  const there = await carriedOutRun(stateDir, [{ id: ID, kind: 'replica', mode: 'hard' }], { endedAt: AT });
  absorb(stateDir);
  rmSync(gone, { recursive: true });
  const findings = await findInRuns({ stateDir, id: ID });
  expect(findings.find(({ runId }) => runId === basename(gone))).toEqual({
    runId: basename(gone),
    folder: null,
    job: null,
    baseUrl: 'https://tavusapi.com',
    plannedAt: null,
    kind: 'video',
    mode: 'soft',
    outcome: 'deleted',
    skipped: null,
    final: true,
    finishedAt: '2026-01-02T02:59:59.600Z',
    entry: null,
  });
  expect(findings).toHaveLength(2);
  expect(findings.map(({ folder }) => folder)).toEqual(expect.arrayContaining([there, null]));
  expect(await findInRuns({ stateDir, id: ID, kind: 'video' })).toHaveLength(1);
});

test('a run that cannot be read is told, and what the ledger knows of it is found', async () => {
  const stateDir = await temporaryFolder();
  const broken = await carriedOutRun(stateDir, [{ id: ID }], { endedAt: AT });
  absorb(stateDir);
  writeFileSync(join(broken, 'run.db'), 'x'.repeat(5_000));
  const unreadable: string[] = [];
  const findings = await findInRuns({ stateDir, id: ID, onUnreadable: (folder) => unreadable.push(folder) });
  expect(unreadable).toEqual([broken]);
  expect(findings).toMatchObject([{ runId: basename(broken), folder: null, outcome: 'deleted' }]);
});

test('a pruned run is found with its job, its outcomes and what it held', async () => {
  const stateDir = await temporaryFolder();
  const folder = await carriedOutRun(stateDir, [{ id: ID }, { id: OTHER }], {
    job: 'nightly',
    endedAt: AT,
    deleted: 1,
  });
  const before = await findInRuns({ stateDir, id: OTHER });
  await pruneRuns({ stateDir, keep: { runs: null, days: 1 } });
  const after = await findInRuns({ stateDir, id: OTHER });
  expect(before).toMatchObject([{ folder, outcome: 'rejected' }]);
  expect(after).toEqual(before.map((finding) => ({ ...finding, folder: null, entry: null })));
  expect(await findInRuns({ stateDir, id: ID })).toMatchObject([
    { job: 'nightly', outcome: 'deleted', folder: null },
  ]);
});
