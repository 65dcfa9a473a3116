import { expect, test } from 'vitest';
import { drawScenario, type LifeFate, type Scenario } from './scenario.ts';
import { simulateScenario } from './simulate.ts';

const QUIET: LifeFate = {
  killedAt: null,
  killedAtEvent: null,
  failingCommit: null,
  failure: 'lost',
  signalAt: null,
  secondSignalAt: null,
  clockJumps: [],
  pauseAfterMs: 0,
  jumpAfterMs: 0,
  newKeyAfter: true,
};

/** Five IDs, two at a time, on a network that loses every third answer. */
function smallScenario(seed: number, fate: Partial<LifeFate>): Scenario {
  const drawn = drawScenario(seed);
  const items = Array.from({ length: 5 }, (_, index) => ({
    kind: index < 3 ? ('video' as const) : ('replica' as const),
    id: index < 3 ? `abcdef000${index}` : `rabcdef000${index}`,
    mode: index % 2 === 0 ? ('soft' as const) : ('hard' as const),
    exists: index !== 1,
    listed: 'once' as const,
  }));
  const noFaults = Object.fromEntries(Object.keys(drawn.faults).map((fault) => [fault, 0]));
  return {
    ...drawn,
    items,
    settings: {
      rate: { count: 5, windowMs: 1_000 },
      concurrency: 2,
      attempts: 4,
      timeoutMs: 1_000,
      maxDurationMs: null,
      allowNotFound: true,
    },
    faults: { ...noFaults, dropped_after: 0.2, '5xx_applied': 0.1, '429': 0.1 } as Scenario['faults'],
    badTimes: [],
    holds: null,
    diskMs: 5,
    lives: [{ ...QUIET, ...fate }],
  };
}

test.each([1, 2, 3])('a process may be killed at any of its events (network %i)', async (seed) => {
  let deaths = 0;
  for (let event = 1; ; event += 1) {
    const { violations, lives } = await simulateScenario(smallScenario(seed, { killedAtEvent: event }));
    expect(violations, `killed at event ${event}`).toEqual([]);
    if (lives[0]?.killedBy === null) break;
    deaths += 1;
  }
  expect(deaths).toBeGreaterThan(40);
});

test.each(['begin', 'lost', 'kept'] as const)('any write may fail (%s)', async (failure) => {
  let failures = 0;
  for (let commit = 1; ; commit += 1) {
    const scenario = smallScenario(1, { failingCommit: commit, failure });
    const { violations, lives } = await simulateScenario(scenario);
    expect(violations, `write ${commit} failed`).toEqual([]);
    if (lives[0]?.storageFailedAt === null) break;
    failures += 1;
  }
  expect(failures).toBeGreaterThan(8);
});
