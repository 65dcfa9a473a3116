import { setImmediate } from 'node:timers/promises';
import { afterEach, beforeEach, expect, test, vi } from 'vitest';

import { Exchange } from '../../src/tavus/exchange.ts';
import { UnderWay } from '../../src/tavus/under-way.ts';

let underWay: UnderWay;
/** How each of them ended, and when, in milliseconds since the beginning. */
let ends: string[];

beforeEach(() => {
  vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout', 'performance'] });
  underWay = new UnderWay();
  ends = [];
});

afterEach(() => {
  vi.useRealTimers();
});

/** Lets time pass, and then what a timer left to the check phase of its turn. */
async function advance(ms: number): Promise<void> {
  vi.advanceTimersByTime(ms);
  await setImmediate();
}

function start(name: string, timeoutMs: number, signal?: AbortSignal): Exchange {
  const beganAt = performance.now();
  const exchange = new Exchange(signal === undefined ? { timeoutMs } : { timeoutMs, signal }, {
    resolve(observation) {
      underWay.remove(exchange);
      const code = observation.kind === 'answer' ? observation.status : observation.code;
      ends.push(`${name} ${code} after ${performance.now() - beganAt}`);
    },
    reject() {},
  });
  underWay.add(exchange);
  return exchange;
}

test('each is given up at its own deadline, whichever came first', async () => {
  start('first', 80);
  start('second', 40.5);
  await advance(20);
  start('third', 100);
  start('fourth', 10);
  for (let ms = 0; ms < 100; ms += 1) await advance(1);
  expect(ends).toEqual([
    'fourth TIMED_OUT after 10',
    'second TIMED_OUT after 41',
    'first TIMED_OUT after 80',
    'third TIMED_OUT after 100',
  ]);
  expect(vi.getTimerCount()).toBe(0);
});

test('the timer of those that ended serves those that come, so that a request costs none', async () => {
  for (let turn = 0; turn < 50; turn += 1) {
    start('quick', 1_000).abort();
    await advance(10);
    expect(vi.getTimerCount()).toBe(1);
  }
  ends.length = 0;
  start('slow', 1_000);
  await advance(999);
  expect(ends).toEqual([]);
  await advance(1);
  expect(ends).toEqual(['slow TIMED_OUT after 1000']);
});

test('a deadline that is farther away than a timer can wait is kept', async () => {
  const days = 30 * 86_400_000;
  start('patient', days);
  await advance(days - 1);
  expect(ends).toEqual([]);
  await advance(1);
  expect(ends).toEqual([`patient TIMED_OUT after ${days}`]);
});

test('a signal aborts those that were started with it, and those that come later', () => {
  const abort = new AbortController();
  const other = new AbortController();
  start('one', 1_000, abort.signal);
  start('two', 1_000, other.signal);
  start('three', 1_000);
  start('four', 1_000, abort.signal);
  abort.abort();
  start('five', 1_000, abort.signal);
  expect(ends).toEqual(['one ABORTED after 0', 'four ABORTED after 0', 'five ABORTED after 0']);
});

test('closing gives up what is left, and no timer keeps the process from its end', () => {
  start('left', 1_000);
  underWay.close();
  expect(ends).toEqual(['left ABORTED after 0']);
  expect(vi.getTimerCount()).toBe(0);
  start('too late', 1_000).abort();
  expect(vi.getTimerCount()).toBe(0);
});
