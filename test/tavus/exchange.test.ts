import { expect, test } from 'vitest';

import { Exchange } from '../../src/tavus/exchange.ts';
import type { Observation } from '../../src/tavus/observation.ts';

const SENDING = { timeoutMs: 5_000 };

/** A controller as undici gives one, that notes whether the request was held back. */
function controller(aborts: Error[]) {
  return {
    aborted: false,
    paused: false,
    reason: null,
    abort: (reason: Error): void => void aborts.push(reason),
    pause: (): void => {},
    resume: (): void => {},
  };
}

async function observe(act: (exchange: Exchange) => void, mayLeave?: () => boolean): Promise<Observation> {
  return new Promise((resolve, reject) => act(new Exchange(SENDING, { resolve, reject }, mayLeave)));
}

test('a request that may not leave is held back in the last moment, and was not sent', async () => {
  const aborts: Error[] = [];
  const observation = await observe(
    (exchange) => exchange.onRequestStart(controller(aborts)),
    () => false,
  );
  expect(observation).toEqual({ kind: 'not_sent', code: 'ABORTED', message: 'held back before it left' });
  expect(aborts).toHaveLength(1);
});

test('a bug in what is asked before a request leaves is a bug, not a failure of the network', async () => {
  const aborts: Error[] = [];
  const asked = observe(
    (exchange) => exchange.onRequestStart(controller(aborts)),
    () => {
      throw new TypeError('a bug');
    },
  );
  await expect(asked).rejects.toThrow(new TypeError('a bug'));
  expect(aborts).toHaveLength(1);
});

test('nobody is asked whether a request may leave that was given up before, or left before', async () => {
  let asked = 0;
  const mayLeave = (): boolean => {
    asked += 1;
    return true;
  };
  await observe((exchange) => {
    exchange.abort();
    exchange.onRequestStart(controller([]));
  }, mayLeave);
  expect(asked).toBe(0);
  await observe((exchange) => {
    exchange.onRequestStart(controller([]));
    exchange.onRequestStart(controller([]));
  }, mayLeave);
  expect(asked).toBe(1);
});

test('a request that undici would write a second time is held back, and counts as sent', async () => {
  const aborts: Error[] = [];
  const observation = await observe((exchange) => {
    exchange.onRequestStart(controller(aborts));
    expect(aborts).toEqual([]);
    exchange.onRequestStart(controller(aborts));
  });
  expect(observation).toMatchObject({ kind: 'sent' });
  expect(aborts).toHaveLength(1);
});

test('a request that was given up before its turn is held back', async () => {
  const aborts: Error[] = [];
  const observation = await observe((exchange) => {
    exchange.abort();
    exchange.onRequestStart(controller(aborts));
  });
  expect(observation).toMatchObject({ kind: 'not_sent', code: 'ABORTED' });
  expect(aborts).toHaveLength(1);
});

test('what comes after the end changes nothing', async () => {
  const ends: Observation[] = [];
  const exchange = new Exchange(SENDING, { resolve: (end) => ends.push(end), reject: () => {} });
  const running = controller([]);
  exchange.onRequestStart(running);
  exchange.onResponseStart(running, 200, {});
  exchange.onResponseEnd();
  exchange.onResponseError(running, new Error('late'));
  exchange.timeOut();
  exchange.abort();
  expect(ends).toHaveLength(1);
  expect(ends[0]).toMatchObject({ kind: 'answer', status: 200, truncated: false });
});

test('several addresses that all fail are one failure that names each', async () => {
  const observation = await observe((exchange) => {
    exchange.onResponseError(null, new AggregateError([new Error('connect A'), new Error('connect B')], ''));
  });
  expect(observation).toEqual({ kind: 'not_sent', code: 'AggregateError', message: 'connect A; connect B' });
});
