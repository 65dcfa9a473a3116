import { expect, test } from 'vitest';
import type { Job } from '../../src/job/job.ts';
import { jobDeadline, type JobDeadline } from '../../src/library/job/job-deadline.ts';
import { systemClock } from '../../src/system-clock.ts';

const NIGHTLY: Job['window'] = {
  days: [1, 2, 3, 4, 5, 6, 7],
  fromMinute: 22 * 60,
  untilMinute: 5 * 60,
  timeZone: 'UTC',
};

/** The deadline of a job that starts at 04:00 UTC, and its monotonic clock. */
function deadlineOf(
  window: Job['window'],
  maxDurationMs: number | null,
): { readonly deadline: JobDeadline; readonly time: { ms: number } } {
  const time = { ms: 1_000 };
  const now = Date.UTC(2026, 10, 23, 4);
  const clock = { ...systemClock, now: () => now, monotonic: () => time.ms };
  return { deadline: jobDeadline({ window, settings: { maxDurationMs } }, clock), time };
}

test('a job without window and maxDuration has all the time', () => {
  const { deadline, time } = deadlineOf(null, null);
  time.ms += 1e12;
  expect([deadline.leftMs(), deadline.over]).toEqual([null, null]);
});

test.each([
  ['the end of its window', 2 * 3_600_000, 3_600_000, 'The window every day 22:00-05:00 UTC has closed'],
  ['its maxDuration', 1_800_000, 1_800_000, 'The maxDuration of 30m is over'],
])('what comes first counts: %s', (_, maxDurationMs, leftMs, over) => {
  const { deadline, time } = deadlineOf(NIGHTLY, maxDurationMs);
  expect([deadline.leftMs(), deadline.over]).toEqual([leftMs, over]);
  time.ms += leftMs - 1;
  expect(deadline.leftMs()).toBe(1);
  time.ms += 1;
  expect(() => deadline.leftMs()).toThrow(`${over}. Nothing more was sent.`);
});
