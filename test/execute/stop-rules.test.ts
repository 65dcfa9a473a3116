import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { createStopRules } from '../../src/execute/stop-rules.ts';
import { OUTCOMES, STOP_REASONS, type Effect, type Outcome, type StopReason } from '../../src/types.ts';

/** What the rules say after each of these answers. */
function afterAttempts(...types: Exclude<Effect['type'], 'stop'>[]): (StopReason | null)[] {
  const rules = createStopRules({ allowNotFound: false });
  return types.map((type) => rules.afterAttempt({ type }));
}

describe('answers', () => {
  test.each(STOP_REASONS)('that stop the run do so at the first: %s', (reason) => {
    const rules = createStopRules({ allowNotFound: true });
    expect(rules.afterAttempt({ type: 'stop', reason })).toBe(reason);
  });

  test('that are not from the API stop the run at the second in a row', () => {
    expect(afterAttempts('not_the_api', 'not_the_api')).toEqual([null, 'not_the_api']);
  });

  test.each(['none', 'warning', 'forbidden'] as const)(
    'of the API itself break a row of foreign ones: %s',
    (type) => {
      expect(afterAttempts('not_the_api', type, 'not_the_api', 'not_the_api')).toEqual([
        null,
        null,
        null,
        'not_the_api',
      ]);
    },
  );

  test.each(['breaker', 'throttle'] as const)(
    'that prove nothing leave a row of foreign ones standing: %s',
    (type) => {
      expect(afterAttempts('not_the_api', type, type, 'not_the_api').at(-1)).toBe('not_the_api');
    },
  );

  test('that forbid stop the run at the third in a row', () => {
    expect(afterAttempts('forbidden', 'forbidden', 'forbidden')).toEqual([null, null, 'forbidden']);
  });

  test.each(['none', 'warning'] as const)('that allow break a row of forbidding ones: %s', (type) => {
    const said = afterAttempts('forbidden', 'forbidden', type, 'forbidden', 'forbidden', 'forbidden');
    expect(said).toEqual([null, null, null, null, null, 'forbidden']);
  });

  test.each(['breaker', 'throttle', 'not_the_api'] as const)(
    'that say nothing about permission leave a row of forbidding ones standing: %s',
    (type) => {
      expect(afterAttempts('forbidden', 'forbidden', type, 'forbidden').at(-1)).toBe('forbidden');
    },
  );

  test('without any of these never stop the run', () => {
    const harmless = fc.constantFrom(
      'none' as const,
      'warning' as const,
      'breaker' as const,
      'throttle' as const,
    );
    fc.assert(
      fc.property(fc.array(harmless, { maxLength: 200 }), (types) => {
        expect(new Set(afterAttempts(...types))).not.toContain('not_the_api');
        expect(afterAttempts(...types).every((said) => said === null)).toBe(true);
      }),
    );
  });
});

/** How many of these rows are told until the rules stop the run; `null` when they never do. */
function rowsUntilSurge(outcomes: readonly Outcome[], allowNotFound = false): number | null {
  const rules = createStopRules({ allowNotFound });
  const index = outcomes.findIndex((outcome) => rules.afterOutcome(outcome) !== null);
  return index === -1 ? null : index + 1;
}

const notFoundAmong = (outcomes: readonly Outcome[]): number =>
  outcomes.filter((outcome) => outcome === 'not_found').length;

const rows = (count: number, outcome: Outcome): Outcome[] => Array.from({ length: count }, () => outcome);

describe('a surge of not_found', () => {
  test('stops the run at the fifth among the first ten rows', () => {
    expect(rowsUntilSurge(rows(5, 'not_found'))).toBe(5);
    expect(rowsUntilSurge([...rows(5, 'deleted'), ...rows(5, 'not_found')])).toBe(10);
  });

  test('is not seen in five among eleven, but in ten among the last fifty', () => {
    const five = [...rows(6, 'deleted'), ...rows(5, 'not_found')];
    expect(rowsUntilSurge(five)).toBeNull();
    expect(rowsUntilSurge([...five, ...rows(34, 'deleted'), ...rows(5, 'not_found')])).toBe(50);
  });

  test('forgets what lies more than fifty rows back', () => {
    const nine = [...rows(41, 'deleted'), ...rows(9, 'not_found')];
    expect(rowsUntilSurge([...nine, ...rows(41, 'deleted'), ...rows(9, 'not_found')])).toBeNull();
  });

  test.each(['failed', 'unknown', 'held', 'not_attempted'] as const)(
    'does not count rows that say nothing: %s',
    (outcome) => {
      expect(rowsUntilSurge([...rows(100, outcome), ...rows(5, 'not_found')])).toBe(105);
    },
  );

  test.each(['deleted', 'deleted_inferred', 'rejected'] as const)(
    'is diluted by certain answers: %s',
    (outcome) => {
      expect(rowsUntilSurge([...rows(6, outcome), ...rows(9, 'not_found')])).toBeNull();
    },
  );

  test('is fine with --allow-not-found', () => {
    expect(rowsUntilSurge(rows(1000, 'not_found'), true)).toBeNull();
  });

  test('is seen exactly when a plain count over the conclusive rows says so', () => {
    const outcome = fc.oneof(
      { weight: 3, arbitrary: fc.constant('deleted' as const) },
      fc.constantFrom(...OUTCOMES),
    );
    fc.assert(
      fc.property(fc.array(outcome, { maxLength: 200 }), (outcomes) => {
        const rules = createStopRules({ allowNotFound: false });
        const told: Outcome[] = [];
        const said: (StopReason | null)[] = [];
        const expected: (StopReason | null)[] = [];
        for (const next of outcomes) {
          const counts = ['deleted', 'deleted_inferred', 'not_found', 'rejected'].includes(next);
          if (counts) told.push(next);
          const early = told.length <= 10 && notFoundAmong(told) >= 5;
          const surge = counts && (early || notFoundAmong(told.slice(-50)) >= 10);
          expected.push(surge ? 'not_found_surge' : null);
          said.push(rules.afterOutcome(next));
        }
        expect(said).toEqual(expected);
      }),
    );
  });
});
