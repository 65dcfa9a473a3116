import { expect, test } from 'vitest';
import { huntAll } from './hunts.ts';
import { MUTANTS } from './mutants.ts';

/** A handful of the worst; `npm run prove` hunts all of them. */
const HANDFUL: ReadonlySet<string> = new Set([
  'an attempt without a recorded end counts as not applied',
  'nobody waits for the intent to be durable',
  'a success that arrives after the stop is left to resume',
  'rows with an outcome are pending again',
  'a soft row is deleted hard',
]);

test('the simulator finds bugs that were planted for it', async () => {
  const hunts = await huntAll(
    MUTANTS.filter(({ name }) => HANDFUL.has(name)),
    50,
  );
  const found = hunts.filter(({ caught }) => caught !== null).map(({ mutant }) => mutant.name);
  expect(new Set(found)).toEqual(HANDFUL);
});

test('at least 25 bugs are planted, each under a name of its own and each with the seed that caught it', () => {
  expect(MUTANTS.length).toBeGreaterThanOrEqual(25);
  expect(new Set(MUTANTS.map(({ name }) => name)).size).toBe(MUTANTS.length);
  expect(MUTANTS.filter(({ caughtBy }) => caughtBy < 1)).toEqual([]);
});
