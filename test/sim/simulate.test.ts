import { expect, test } from 'vitest';
import { KEPT_SEEDS } from './kept-seeds.ts';
import { figuresOf } from './prove.ts';
import { runSeeds } from './run-seeds.ts';
import { simulate } from './simulate.ts';
import { asleep, emptyTally } from './tally.ts';

const SEEDS = 800;

test('whole purges keep every promise through faults, kills, signals and jumping clocks', async () => {
  const tally = await runSeeds({ from: 1, to: SEEDS + 1, step: 1, untilMs: Infinity });
  expect(tally.failures, 'replay one with: node test/sim/replay.ts <seed>').toEqual([]);
  // A harness that reaches nothing proves nothing.
  expect(asleep(tally), figuresOf(tally)).toEqual([]);
});

test.each(KEPT_SEEDS)('the seed $seed stays green: $bug', async ({ seed }) => {
  expect((await simulate(seed)).violations).toEqual([]);
});

test('the same seed gives the same history, to the last line', async () => {
  const histories = await Promise.all([1, 2].map(() => historyOf(22)));
  expect(histories[0]?.length).toBeGreaterThan(20);
  expect(histories[0]).toEqual(histories[1]);
});

test('seeds in which nothing happened are not taken for a proof', () => {
  expect(asleep({ ...emptyTally(), seeds: SEEDS })).toContainEqual(
    expect.stringContaining('"stop unauthorized" happened 0 times'),
  );
});

async function historyOf(seed: number): Promise<string[]> {
  const lines: string[] = [];
  await simulate(seed, (line) => lines.push(line));
  return lines;
}
