import { expect, test } from 'vitest';
import { liveThroughNights, TEN } from './nights.ts';

// `npm run prove -- --only nights` lives through thirty.
test('a job left alone for ten nights: a crash, a revoked key, a manifest that is too large, a wrong one, none, the end of summer time', async () => {
  expect(await liveThroughNights(TEN)).toEqual([]);
}, 180_000);
