import { expect, test } from 'vitest';
import { proveSignals } from './signals.ts';

test('a signal ends a run with true results whatever it is doing, and resume does the rest', async () => {
  const { failures } = await proveSignals({ seeds: 6, until: Infinity });
  expect(failures).toEqual([]);
});
