import * as fc from 'fast-check';
import { expect, test } from 'vitest';
import { createRateWindow } from '../../src/sandbox/rate-window.ts';

test('no window of that length ever holds more than the limit, and nothing is refused without need', () => {
  const gaps = fc.array(fc.integer({ min: 0, max: 40 }), { maxLength: 300 });
  fc.assert(
    fc.property(
      gaps,
      fc.integer({ min: 1, max: 20 }),
      fc.integer({ min: 1, max: 200 }),
      (waits, count, windowMs) => {
        const window = createRateWindow();
        const accepted: number[] = [];
        let now = 0;
        for (const wait of waits) {
          now += wait;
          const within = accepted.filter((at) => at > now - windowMs).length;
          expect(window.accept(now, count, windowMs)).toBe(within < count);
          if (within < count) accepted.push(now);
        }
      },
    ),
  );
});

test('it stays exact when old entries are dropped', () => {
  const window = createRateWindow();
  let accepted = 0;
  for (let now = 0; now < 20_000; now += 1) {
    if (window.accept(now, 100, 1000)) accepted += 1;
  }
  expect(accepted).toBe(2000);
});
