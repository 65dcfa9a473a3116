import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { whatToPrune, type PruneCandidate } from '../../src/library/what-to-prune.ts';

const DAY_MS = 86_400_000;
const NOW = Date.UTC(2026, 10, 22);

const candidates = fc
  .array(
    fc.record({
      state: fc.constantFrom<PruneCandidate['state']>('finished', 'finished', 'plan', 'unfinished'),
      // Some at the same moment, some in the future, some whose time is not known.
      at: fc.oneof(
        { weight: 9, arbitrary: fc.integer({ min: -5, max: 90 }).map((days) => NOW - days * DAY_MS) },
        { weight: 1, arbitrary: fc.constant(Number.NaN) },
      ),
    }),
    { maxLength: 40 },
  )
  .map((runs) =>
    runs.map((run, index) => ({ ...run, runId: `20260101-000000-${String(index).padStart(6, '0')}` })),
  );
const limit = (most: number) => fc.option(fc.integer({ min: 1, max: most }), { nil: null });
const keeps = fc.record({ runs: limit(12), days: limit(60) });

const goers = (
  runs: readonly PruneCandidate[],
  keep: { runs: number | null; days: number | null },
  now = NOW,
) =>
  whatToPrune(runs, keep, now)
    .filter(({ goes }) => goes)
    .map(({ run }) => run);

describe('whatever the runs and limits are', () => {
  test('every run is decided, in order, with a reason', () => {
    fc.assert(
      fc.property(candidates, keeps, (runs, keep) => {
        const choices = whatToPrune(runs, keep, NOW);
        expect(choices.map(({ run }) => run)).toEqual(runs);
        for (const { why } of choices) expect(why).not.toBe('');
      }),
    );
  });

  test('what is not finished stays, and so does what has no time', () => {
    fc.assert(
      fc.property(candidates, keeps, (runs, keep) => {
        for (const run of goers(runs, keep)) {
          expect(run.state).not.toBe('unfinished');
          expect(run.at).not.toBeNaN();
        }
      }),
    );
  });

  test('the newest so many stay, of the finished ones and of all', () => {
    fc.assert(
      fc.property(candidates, fc.integer({ min: 1, max: 12 }), limit(60), (runs, count, days) => {
        const known = runs
          .filter(({ at }) => !Number.isNaN(at))
          .toSorted((a, b) => b.at - a.at || (a.runId < b.runId ? 1 : -1));
        const gone = new Set(goers(runs, { runs: count, days }));
        const newest = [known, known.filter(({ state }) => state === 'finished')].map((each) =>
          each.slice(0, count),
        );
        for (const run of newest.flat()) expect(gone.has(run)).toBe(false);
      }),
    );
  });

  test('all younger than so many days stay, those of the future included', () => {
    fc.assert(
      fc.property(candidates, limit(12), fc.integer({ min: 1, max: 60 }), (runs, count, days) => {
        for (const run of goers(runs, { runs: count, days })) {
          expect(NOW - run.at).toBeGreaterThanOrEqual(days * DAY_MS);
        }
      }),
    );
  });

  test('a plan that was never applied stays for 30 days', () => {
    fc.assert(
      fc.property(candidates, keeps, (runs, keep) => {
        const plans = goers(runs, keep).filter(({ state }) => state === 'plan');
        for (const plan of plans) expect(NOW - plan.at).toBeGreaterThanOrEqual(30 * DAY_MS);
      }),
    );
  });

  test('a second time, at the same moment, nothing more goes', () => {
    fc.assert(
      fc.property(candidates, keeps, (runs, keep) => {
        const gone = new Set(goers(runs, keep));
        expect(
          goers(
            runs.filter((run) => !gone.has(run)),
            keep,
          ),
        ).toEqual([]);
      }),
    );
  });

  test('a clock that was set back lets nothing go that stays now', () => {
    fc.assert(
      fc.property(candidates, keeps, fc.nat({ max: 400 }), (runs, keep, days) => {
        const gone = new Set(goers(runs, keep));
        for (const run of goers(runs, keep, NOW - days * DAY_MS)) expect(gone.has(run)).toBe(true);
      }),
    );
  });
});

test('what neither limit keeps goes: the fourth of four old runs, and the old plan before it', () => {
  const runs = [60, 50, 40, 35, 34].map((days, index): PruneCandidate => ({
    runId: `20260101-000000-00000${index}`,
    state: days === 60 ? 'plan' : 'finished',
    at: NOW - days * DAY_MS,
  }));
  expect(goers(runs, { runs: 3, days: null })).toEqual(runs.slice(0, 2));
  expect(goers(runs, { runs: 3, days: 45 })).toEqual(runs.slice(0, 2));
  expect(goers(runs, { runs: 3, days: 55 })).toEqual(runs.slice(0, 1));
  expect(goers(runs, { runs: 4, days: null })).toEqual([]);
  expect(goers(runs, { runs: null, days: 34 })).toEqual(runs);
  expect(goers(runs, { runs: null, days: null })).toEqual([]);
});
