import { expect, test } from 'vitest';
import { temporaryFolder } from '../helpers/temporary-folder.ts';
import { fuzzManifests } from './fuzz.ts';
import { fuzzPlans } from './fuzz-plans.ts';

/** The same files every time; `npm run prove` tries others. */
const seed = 1;

test('any file is read exactly as a naive reader reads it, or refused with its place', async () => {
  const { failures, read, refused } = await fuzzManifests({ runs: 300, seed });
  expect(failures).toEqual([]);
  expect(read).toBeGreaterThan(60);
  expect(refused).toBeGreaterThan(200);
});

test('a plan holds exactly what its manifest says, each ID once', async () => {
  const { failures, read, refused } = await fuzzPlans(await temporaryFolder(), { runs: 60, seed });
  expect(failures).toEqual([]);
  expect(read).toBeGreaterThan(5);
  expect(refused).toBeGreaterThan(5);
});
