import { describe, expect, test } from 'vitest';
import { PurgeError } from '../../src/errors.ts';
import { deliver, TryFailed, type Delivery, type NotifyLimits } from '../../src/job/notify-tries.ts';
import { createVirtualClock, type VirtualClock } from '../helpers/virtual-clock.ts';

function virtualDelivery(
  clock: VirtualClock,
  limits: Partial<NotifyLimits> = {},
  signal?: AbortSignal,
): Delivery {
  return {
    limits: { tries: 3, tryMs: 10_000, totalMs: 30_000, ...limits },
    clock,
    random: () => 1,
    signal,
  };
}

/** Never ends, whatever it is told. */
function hang(): Promise<never> {
  return new Promise(() => undefined);
}

describe('deliver', () => {
  test('a delivery that succeeds says nothing', async () => {
    expect(await deliver('It', async () => undefined, virtualDelivery(createVirtualClock()))).toBe(null);
  });

  test('a failure that may pass is tried three times, with growing pauses', async () => {
    const clock = createVirtualClock();
    const at: number[] = [];
    const failing = async (): Promise<void> => {
      at.push(clock.monotonic());
      throw new TryFailed('answered 503', true);
    };
    const told = await clock.runUntil(deliver('https://example.com', failing, virtualDelivery(clock)));
    expect(told).toBe('https://example.com answered 503 (3 tries).');
    expect(at).toEqual([0, 1_000, 3_000]);
  });

  test('a failure that will not pass is not tried again', async () => {
    let tries = 0;
    const failing = async (): Promise<void> => {
      tries += 1;
      throw new TryFailed('answered 404', false);
    };
    const told = await deliver('https://example.com', failing, virtualDelivery(createVirtualClock()));
    expect([told, tries]).toEqual(['https://example.com answered 404.', 1]);
  });

  test('a success after a failure is a success', async () => {
    const clock = createVirtualClock();
    let tries = 0;
    const recovering = async (): Promise<void> => {
      tries += 1;
      if (tries < 3) throw new TryFailed('answered 503', true);
    };
    expect(await clock.runUntil(deliver('It', recovering, virtualDelivery(clock)))).toBe(null);
  });

  test('what never ends is given up at the limit of a try, and at the limit of all tries', async () => {
    const clock = createVirtualClock();
    const told = await clock.runUntil(deliver('It', hang, virtualDelivery(clock, { totalMs: 25_000 })));
    // 10 s, a pause of 1 s, 10 s, a pause of 2 s, and what is left.
    expect(told).toBe('It took longer than 2 s (3 tries).');
    expect(clock.monotonic()).toBe(25_000);
  });

  test('there is no try for which no time is left', async () => {
    const clock = createVirtualClock();
    const told = await clock.runUntil(deliver('It', hang, virtualDelivery(clock, { totalMs: 10_500 })));
    expect(told).toBe('It took longer than 10 s.');
    expect(clock.monotonic()).toBe(10_000);
  });

  test.each([0, 5_000, 10_500])('a signal after %i ms gives up at once', async (ms) => {
    const clock = createVirtualClock();
    const asked = new AbortController();
    if (ms === 0) asked.abort();
    const telling = deliver('It', hang, virtualDelivery(clock, {}, asked.signal));
    await clock.advance(ms);
    asked.abort();
    expect(await telling).toBe(
      `It was not told, since the program was asked to end at once${ms > 10_000 ? ' (2 tries)' : ''}.`,
    );
    expect(clock.sleeping).toBe(0);
  });

  test('an error of ours is told in its own words, once', async () => {
    const error = new PurgeError('usage', 'The file is not there.', { next: 'make it' });
    const failing = (): Promise<void> => Promise.reject(error);
    expect(await deliver('It', failing, virtualDelivery(createVirtualClock()))).toBe(
      'The file is not there.',
    );
  });

  test.each<[unknown, string]>([
    [new RangeError('https://example.com/secret'), 'RangeError'],
    ['https://example.com/secret', 'TypeError'],
  ])('the words of a foreign error are not told: %s', async (thrown, name) => {
    const failing = (): Promise<void> => Promise.reject(thrown);
    const told = await deliver('It', failing, virtualDelivery(createVirtualClock()));
    expect(told).toBe(`It failed in a way that was not foreseen (${name}).`);
  });
});
