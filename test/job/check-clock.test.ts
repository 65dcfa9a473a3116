import { expect, test } from 'vitest';
import { clockRefusal } from '../../src/job/check-clock.ts';

const NOW = Date.parse('2026-11-22T12:00Z');
const DAY_MS = 86_400_000;

test('a clock that is up to a day behind the history of the job, or a job without history, is fine', () => {
  for (const newest of [null, NOW - DAY_MS * 400, NOW, NOW + DAY_MS]) {
    expect(clockRefusal(NOW, newest)).toBeNull();
  }
});

test('a clock that is over a day behind is refused with both times and the next step', () => {
  const refusal = clockRefusal(NOW, NOW + DAY_MS + 1);
  expect(refusal?.why).toContain('2026-11-22T12:00:00.000Z');
  expect(refusal?.why).toContain('2026-11-23T12:00:00.001Z');
  expect(refusal?.next).toContain('set the clock');
});
