import { mkdirSync } from 'node:fs';
import { rename } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { describe, expect, test } from 'vitest';
import { listRuns, showRun, writeRunReport } from '../../src/index.ts';
import { runLock, takeLock } from '../../src/store/target-lock.ts';
import { carriedOutRun, saveRun } from '../helpers/run-files.ts';
import { temporaryFolder } from '../helpers/temporary-folder.ts';

const IDS = [{ id: 'abcdef01' }];

describe('a report', () => {
  test('of a plan that was never applied is refused, with the command that applies it', async () => {
    const stateDir = await temporaryFolder();
    const run = basename(await saveRun(stateDir, IDS));
    await expect(writeRunReport({ stateDir, run })).rejects.toMatchObject({
      exitCode: 2,
      next: `tavus-purge apply ${run} --confirm abababab`,
    });
  });

  test('that cannot take the lock for another reason than a run at work says that reason', async () => {
    const stateDir = await temporaryFolder();
    const folder = await carriedOutRun(stateDir, IDS, { endedAt: 5_000 });
    mkdirSync(join(folder, '.lock'));
    await expect(writeRunReport({ stateDir, run: basename(folder) })).rejects.toMatchObject({
      exitCode: 8,
      message: expect.stringContaining('Could not take the lock'),
    });
  });
});

describe('the state of a run', () => {
  test('is running while somebody holds its lock, and interrupted without', async () => {
    const stateDir = await temporaryFolder();
    const folder = await carriedOutRun(stateDir, IDS, { endedAt: 5_000, deleted: 0, end: 'killed' });
    const run = basename(folder);
    {
      using _ = takeLock(runLock(run, folder), { runId: run, since: '2026-01-02T03:04:05.000Z' });
      expect((await showRun({ stateDir, run })).state).toBe('running');
    }
    expect((await showRun({ stateDir, run })).state).toBe('interrupted');
  });

  test('is refused for a plan over a cap', async () => {
    const stateDir = await temporaryFolder();
    await saveRun(stateDir, IDS, { refused: ['1 deletion is more than 0'] });
    expect(await listRuns({ stateDir })).toMatchObject([{ state: 'refused', summary: null }]);
  });
});

test('a run is named by its ID, or by its folder wherever that was moved; anything else names none', async () => {
  const stateDir = await temporaryFolder();
  const folder = await carriedOutRun(stateDir, IDS, { endedAt: 5_000 });
  const run = basename(folder);
  expect(await showRun({ stateDir, run })).toMatchObject({ folder, state: 'finished' });
  const elsewhere = join(await temporaryFolder(), run);
  await rename(folder, elsewhere);
  expect(await showRun({ stateDir, run: elsewhere })).toMatchObject({ runId: run, folder: elsewhere });
  const { files } = await writeRunReport({ stateDir, run: elsewhere });
  expect(files.summaryJson).toBe(join(elsewhere, 'summary.json'));
  for (const name of [run, folder, 'yesterday']) {
    await expect(showRun({ stateDir, run: name })).rejects.toMatchObject({
      exitCode: 2,
      message: expect.stringContaining('There is no run'),
    });
  }
});

test('a run file with a word that the program never writes is damaged, and said to be', async () => {
  const stateDir = await temporaryFolder();
  const folder = await carriedOutRun(stateDir, IDS, { endedAt: 5_000 });
  const db = new DatabaseSync(join(folder, 'run.db'));
  db.exec("UPDATE outcome SET outcome = 'perhaps'");
  db.close();
  await expect(showRun({ stateDir, run: basename(folder) })).rejects.toMatchObject({
    exitCode: 8,
    message: expect.stringContaining('it holds "perhaps" where one of deleted'),
  });
});
