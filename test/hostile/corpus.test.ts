import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { temporaryFolder } from '../helpers/temporary-folder.ts';
import { HOSTILE_MANIFESTS } from './corpus.ts';
import { judgeCorpus, titleOf } from './judge.ts';

test('the corpus has over 300 different manifests', () => {
  expect(new Set(HOSTILE_MANIFESTS.map(titleOf)).size).toBe(HOSTILE_MANIFESTS.length);
  expect(HOSTILE_MANIFESTS.length).toBeGreaterThan(300);
});

/** Hundreds of plans, each with files of its own: on a busy disk that takes long, and each one has a limit of its own. */
const MOST_MS = 240_000;

test(
  'every hostile manifest, hold file and config file is exit 2 with its place and reason, and leaves nothing behind',
  async () => {
    const folder = await temporaryFolder();
    const { files, wrong } = await judgeCorpus(folder, { oneFormat: true });
    expect(wrong).toEqual([]);
    expect(files).toBeGreaterThan(400);
    expect(readdirSync(join(folder, 'state', 'runs'))).toEqual([]);
  },
  MOST_MS,
);
