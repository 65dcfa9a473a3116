import { expect, test } from 'vitest';
import { exitCodeOf, exitCodeOfStop, worstExitCode } from '../src/exit-code.ts';
import { NO_OUTCOMES } from './helpers/fake-record.ts';

const strict = { allowNotFound: false };

test('the worst exit code wins: 1, 8, 6, 5, 3, 0', () => {
  const ordered = [1, 8, 6, 5, 3, 0];
  for (const [place, code] of ordered.entries()) {
    expect(worstExitCode(...ordered.slice(place).toReversed())).toBe(code);
    expect(worstExitCode(...ordered.slice(place))).toBe(code);
  }
});

test('a code with which no run can end is a bug', () => {
  expect(() => worstExitCode(0, 4)).toThrow('exit code 4');
  expect(() => worstExitCode(Number.NaN)).toThrow('exit code NaN');
});

test('a plan of which every row is fine ends with 0, an empty one too', () => {
  expect(exitCodeOf({ ...NO_OUTCOMES, deleted: 3, deleted_inferred: 1, held: 2 }, strict)).toBe(0);
  expect(exitCodeOf(NO_OUTCOMES, strict)).toBe(0);
});

test.each(['not_found', 'rejected', 'failed', 'unknown', 'not_attempted'] as const)(
  'one %s row makes it 3',
  (outcome) => {
    expect(exitCodeOf({ ...NO_OUTCOMES, deleted: 1000, [outcome]: 1 }, strict)).toBe(3);
  },
);

test('not_found rows are fine only where that was allowed, and nothing else becomes fine by it', () => {
  expect(exitCodeOf({ ...NO_OUTCOMES, not_found: 5 }, { allowNotFound: true })).toBe(0);
  expect(exitCodeOf({ ...NO_OUTCOMES, not_found: 5, failed: 1 }, { allowNotFound: true })).toBe(3);
});

test('a stop that time cures ends with 5, one that needs a person with 6', () => {
  expect(exitCodeOfStop('signal')).toBe(5);
  expect(exitCodeOfStop('outage')).toBe(5);
  expect(exitCodeOfStop('unauthorized')).toBe(6);
  expect(exitCodeOfStop('storage')).toBe(8);
  expect(exitCodeOfStop('bug')).toBe(1);
});
