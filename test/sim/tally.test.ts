import { expect, test } from 'vitest';
import { drawScenario, type LifeFate, type Scenario } from './scenario.ts';
import { simulateScenario } from './simulate.ts';
import { addSeed, asleep, emptyTally, type Tally } from './tally.ts';

const SEEDS = 100_000;

/** What so many seeds say when all that has to happen happened often. */
function awake(): Tally {
  const counts = asleep({ ...emptyTally(), seeds: SEEDS }).map((line): [string, number] => [
    /"(.+)"/.exec(line)?.[1] ?? '',
    SEEDS,
  ]);
  return { ...emptyTally(), seeds: SEEDS, counts: Object.fromEntries(counts) };
}

const EVERYTHING = Object.keys(awake().counts);

test('a tally in which everything happened is awake', () => {
  expect(EVERYTHING.length).toBeGreaterThan(80);
  expect(asleep(awake())).toEqual([]);
});

test.each(EVERYTHING)('seeds in which "%s" never happened prove nothing', (name) => {
  const tally = awake();
  tally.counts[name] = 0;
  expect(asleep(tally)).toEqual([expect.stringContaining(`"${name}" happened 0 times`)]);
});

test.each([
  'death withdraw',
  'outcome not_attempted',
  'skipped held',
  'skipped deleted_before',
  'skipped invalid',
])('"%s" is among what has to happen', (name) => {
  expect(EVERYTHING).toContain(name);
});

/** A slow disk and a server that asks for pauses: what is needed for intents to be taken back. */
function slowDisk(seed: number): Scenario {
  const drawn = drawScenario(seed);
  const killed: LifeFate = {
    killedAtEvent: null,
    killedAt: { what: 'withdraw', nth: 1 + (seed % 3) },
    failingCommit: null,
    failure: 'lost',
    signalAt: seed % 2 === 0 ? 700 : null,
    secondSignalAt: null,
    clockJumps: [],
    pauseAfterMs: 20,
    jumpAfterMs: 0,
    newKeyAfter: true,
  };
  return {
    ...drawn,
    settings: { ...drawn.settings, concurrency: 6, maxDurationMs: null },
    faults: { ...drawn.faults, '429': 0.2, redirect: 0, tls: 0, '402': 0, '405': 0 },
    badTimes: [],
    diskMs: 1_500,
    lives: [killed, killed, killed],
  };
}

test('a process may be killed while it takes an intent back', async () => {
  const tally = emptyTally();
  for (let seed = 1; seed <= 60; seed += 1) addSeed(tally, await simulateScenario(slowDisk(seed)));
  expect(tally.failures).toEqual([]);
  expect(tally.counts['death withdraw']).toBeGreaterThan(20);
});
