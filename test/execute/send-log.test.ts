import { describe, expect, test } from 'vitest';
import { createSendLog, fullIntervalMs, type SendLog } from '../../src/execute/send-log.ts';

/** A request that leaves at once. */
function send(log: SendLog, at: number): void {
  log.aboutToLeave();
  log.left(at);
}

test('the even spacing shares a window and five milliseconds among as many requests as it may hold', () => {
  expect(fullIntervalMs({ count: 5, windowMs: 1000 })).toBe(201);
  expect(fullIntervalMs({ count: 1, windowMs: 60_000 })).toBe(60_005);
});

describe('the log of sends', () => {
  test('lets the first request leave at any time', () => {
    expect(createSendLog({ count: 2, windowMs: 1000 }).earliest()).toBe(-Infinity);
  });

  test('keeps a request back until the oldest that fills the window has left it, five milliseconds included', () => {
    const log = createSendLog({ count: 2, windowMs: 1000 });
    send(log, 0);
    // Not full yet; only the spacing counts.
    expect(log.earliest()).toBe(105);
    send(log, 300);
    expect(log.earliest()).toBe(1005);
    send(log, 1005);
    expect(log.earliest()).toBe(1305);
  });

  test.each([
    [{ count: 100, windowMs: 1000 }, 21],
    [{ count: 99, windowMs: 1000 }, 20],
    [{ count: 5, windowMs: 1000 }, 2],
    [{ count: 4, windowMs: 1000 }, 1],
    [{ count: 300, windowMs: 60_000 }, 2],
    [{ count: 60, windowMs: 60_000 }, 1],
  ])("of %o lets no 100 ms hold more than a fifth of a second's worth and one: %d", (rate, most) => {
    const log = createSendLog(rate);
    for (let sent = 0; sent < most; sent += 1) {
      expect(log.earliest()).toBe(-Infinity);
      send(log, sent);
    }
    expect(log.earliest()).toBe(105);
  });

  test('keeps sends apart also where the log begins anew', () => {
    const log = createSendLog({ count: 100, windowMs: 1000 });
    for (let sent = 0; sent < 90; sent += 1) send(log, sent * 100);
    for (let sent = 0; sent < 21; sent += 1) send(log, 50_000);
    expect(log.earliest()).toBe(50_105);
  });

  test.each([
    { count: 3, windowMs: 1000 },
    { count: 5000, windowMs: 1000 },
    { count: 5, windowMs: 100 },
    // The short window is the longer one.
    { count: 5, windowMs: 20 },
  ])('stays exact for as long as it runs: %o', (rate) => {
    const { count, windowMs } = rate;
    const log = createSendLog(rate);
    const sentAt: number[] = [];
    for (let sends = 0; sends < 20_000; sends += 1) {
      const at = Math.max(sentAt.at(-1) ?? 0, log.earliest());
      expect(at).toBeGreaterThanOrEqual((sentAt.at(-count) ?? -Infinity) + windowMs + 5);
      sentAt.push(at);
      send(log, at);
    }
    expect(sentAt.at(-1)).toBeLessThanOrEqual((20_000 / count) * Math.max(windowMs + 5, 105));
  });

  test.each([
    { count: 100, windowMs: 1_000 },
    { count: 150, windowMs: 1_000 },
    { count: 5, windowMs: 50 },
  ])('answers like one that never forgets, however unevenly requests leave: %o', ({ count, windowMs }) => {
    const log = createSendLog({ count, windowMs });
    const short = Math.min(count, Math.floor((count * 200) / windowMs) + 1);
    const sentAt: number[] = [];
    let now = 0;
    for (let sends = 0; sends < 2_000; sends += 1) {
      // A long silence now and then, so that what is remembered begins in the middle of its room when that grows.
      now = Math.max(now + (sends % 340 === 40 ? 5_000 : sends % 7), log.earliest());
      sentAt.push(now);
      send(log, now);
      const earliest = Math.max(
        (sentAt.at(-count) ?? -Infinity) + windowMs + 5,
        (sentAt.at(-short) ?? -Infinity) + 105,
      );
      expect(Math.max(now, log.earliest())).toBe(Math.max(now, earliest));
    }
  });

  test('counts a request when it really left, however long before it was to', () => {
    const log = createSendLog({ count: 2, windowMs: 1000 });
    log.aboutToLeave();
    log.left(400);
    expect(log.earliest()).toBe(505);
    send(log, 600);
    expect(log.earliest()).toBe(1405);
  });

  test('lets nothing leave while as many are about to as a window may hold', () => {
    const log = createSendLog({ count: 20, windowMs: 1000 });
    for (let sends = 0; sends < 5; sends += 1) log.aboutToLeave();
    expect(log.earliest()).toBe(Infinity);
    log.left(70);
    // One has left, and no other before it.
    expect(log.earliest()).toBe(70 + 105);
    log.aboutToLeave();
    expect(log.earliest()).toBe(Infinity);
  });

  test('counts those that are about to leave in every window, however long it takes', () => {
    const log = createSendLog({ count: 3, windowMs: 1000 });
    log.aboutToLeave();
    send(log, 5_000);
    expect(log.earliest()).toBe(Infinity);
    log.left(5_500);
    expect(log.earliest()).toBe(5_605);
    send(log, 5_700);
    expect(log.earliest()).toBe(6_005);
    log.aboutToLeave();
    expect(log.earliest()).toBe(Infinity);
  });

  test('counts those about to leave among the many that a window may hold', () => {
    const log = createSendLog({ count: 4, windowMs: 400 });
    for (const at of [0, 110, 220]) send(log, at);
    expect(log.earliest()).toBe(105);
    log.aboutToLeave();
    expect(log.earliest()).toBe(405);
    log.aboutToLeave();
    expect(log.earliest()).toBe(515);
  });

  test('remembers what counts in a window and nothing older, whatever the rate', () => {
    const log = createSendLog({ count: 999_999, windowMs: 1_000 });
    for (let sends = 0; sends < 10_000; sends += 1) send(log, sends * 201);
    expect(log.kept).toBe(5);
    // Exactly as long ago as the guarded window lasts: it does not count any more.
    send(log, 9_999 * 201 + 1_005 - 4 * 201);
    expect(log.kept).toBe(5);
    send(log, 9_999 * 201 + 1_005);
    expect(log.kept).toBe(2);
  });
});
