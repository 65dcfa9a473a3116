import { writeFile } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { planPurge, resumeRun } from '../../src/index.ts';
import type { LifeEnd } from '../../src/ports.ts';
import { RunFile } from '../../src/store/run-file.ts';
import { temporaryFolder } from '../helpers/temporary-folder.ts';

const API_KEY = 'a-key-of-tests-01';
const HOUR_MS = 3_600_000;

/** A run of one ID whose life ended without sending anything; answers with its folder. */
async function interruptedRun(stateDir: string, changes: Partial<LifeEnd> = {}): Promise<string> {
  const manifest = join(stateDir, 'ids.csv');
  await writeFile(manifest, 'video_id\nabcdef01\n');
  const { folder } = await planPurge({ manifests: [manifest], stateDir });
  using run = new RunFile(folder, { readOnly: false });
  const journal = run.journal();
  const { settings } = run.header;
  await journal.startLife({
    startedAt: Date.now(),
    keyFingerprint: 'of-another-key',
    settings,
    toolVersion: '0.1.0',
    holdFiles: [],
  });
  await journal.endLife({
    exitCode: 5,
    stopReason: 'signal',
    stopDetail: '',
    notBefore: null,
    endedAt: Date.now(),
    ...changes,
  });
  return folder;
}

describe('a run that the API asked to wait', () => {
  test('is refused before that time, which the next step names', async () => {
    const stateDir = await temporaryFolder();
    const notBefore = Date.now() + HOUR_MS;
    const run = basename(await interruptedRun(stateDir, { stopReason: 'long_retry_after', notBefore }));
    const at = new Date(notBefore).toISOString();
    await expect(resumeRun({ stateDir, apiKey: API_KEY, run }).finished).rejects.toMatchObject({
      exitCode: 5,
      message: `The API asked not to be called again before ${at}. Nothing was sent.`,
      next: `tavus-purge resume ${run}, after ${at}`,
    });
  });

  test('does not wait longer than a day, whatever one answer said', async () => {
    const stateDir = await temporaryFolder();
    const endedAt = Date.now();
    const run = basename(await interruptedRun(stateDir, { endedAt, notBefore: endedAt + 1_000 * HOUR_MS }));
    const at = new Date(endedAt + 24 * HOUR_MS).toISOString();
    await expect(resumeRun({ stateDir, apiKey: API_KEY, run }).finished).rejects.toMatchObject({
      exitCode: 5,
      next: `tavus-purge resume ${run}, after ${at}`,
    });
  });
});

describe('resume without a name', () => {
  test('says so when there is nothing to resume, also beside a folder that cannot be read', async () => {
    const stateDir = await temporaryFolder();
    await writeFile(join(await interruptedRun(stateDir), 'run.db'), 'x'.repeat(5_000));
    await expect(resumeRun({ stateDir, apiKey: API_KEY }).finished).rejects.toMatchObject({
      exitCode: 2,
      message: expect.stringContaining('There is no interrupted run at https://tavusapi.com'),
      next: 'tavus-purge runs list',
    });
  });

  test('takes up no run that was made with another key, but names it', async () => {
    const stateDir = await temporaryFolder();
    const run = basename(await interruptedRun(stateDir));
    await expect(resumeRun({ stateDir, apiKey: API_KEY }).finished).rejects.toMatchObject({
      exitCode: 2,
      next: `tavus-purge resume ${run}, if that run, made with another key, is meant`,
    });
  });
});
