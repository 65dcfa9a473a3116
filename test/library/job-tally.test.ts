import { describe, expect, test } from 'vitest';
import { JobTally } from '../../src/library/job/job-tally.ts';
import type { PurgeEvent } from '../../src/ports.ts';

/** A tally by a clock that the test sets. */
function newTally(): { readonly tally: JobTally; readonly clock: { now: number } } {
  const clock = { now: 1_000 };
  return { tally: new JobTally(() => clock.now), clock };
}

const paused = (ms: number): PurgeEvent => ({ type: 'paused', reason: 'retry_after', ms });

describe('the time that a job was made to wait', () => {
  test('counts a pause once, however many answers ask for it', () => {
    const { tally, clock } = newTally();
    tally.add(paused(500));
    clock.now += 100;
    tally.add(paused(400));
    tally.add(paused(300));
    expect(tally.pausedMs).toBe(500);
    tally.add(paused(700));
    expect(tally.pausedMs).toBe(800);
    clock.now += 5_000;
    tally.add(paused(250));
    expect(tally.pausedMs).toBe(1_050);
  });
});

test('attempts are counted by the class of their answer; without a final one by none', () => {
  const { tally } = newTally();
  for (const status of [200, 204, 302, 401, 429, 503, 100, null]) {
    tally.add({
      type: 'attempt',
      row: 0,
      kind: 'video',
      id: 'abcdef0123',
      mode: 'soft',
      attempt: 1,
      status,
      applied: 'no',
      detail: '',
      willRetry: false,
    });
  }
  expect(tally.requests).toEqual({ '2xx': 2, '3xx': 1, '4xx': 2, '5xx': 1, none: 2 });
  expect(tally.sent).toBe(8);
});
