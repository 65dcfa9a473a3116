import { describe, expect, test } from 'vitest';
import { createSendLog, fullIntervalMs } from '../../src/execute/send-log.ts';

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
    log.record(0, 0);
    // Not full yet; only the spacing counts.
    expect(log.earliest()).toBe(-100);
    log.record(300, 0);
    expect(log.earliest()).toBe(1005);
    log.record(1005, 0);
    expect(log.earliest()).toBe(1305);
  });

  test('lets sends run a hundred milliseconds ahead of an even spacing, and no more', () => {
    const log = createSendLog({ count: 100, windowMs: 1000 });
    log.record(0, 40);
    expect(log.earliest()).toBe(-60);
    log.record(0, 40);
    log.record(0, 40);
    expect(log.earliest()).toBe(20);
  });

  test('counts the spacing from the send itself when that came late', () => {
    const log = createSendLog({ count: 100, windowMs: 1000 });
    log.record(0, 40);
    log.record(5000, 40);
    expect(log.earliest()).toBe(4940);
  });

  test('stays exact for as long as it runs', () => {
    const log = createSendLog({ count: 3, windowMs: 1000 });
    for (let send = 0; send < 50; send += 1) {
      log.record(send * 400, 0);
      // The third-last send, of which the first two have none.
      expect(log.earliest()).toBe(send < 2 ? send * 400 - 100 : (send - 2) * 400 + 1005);
    }
  });
});
