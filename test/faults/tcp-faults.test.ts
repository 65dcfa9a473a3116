import { expect, test } from 'vitest';
import { hasOpenssl } from './certificates.ts';
import { proveTcpFaults } from './tcp-faults.ts';

test('whatever a server does on the wire, every row tells the truth and the exit code is that of the contract', async () => {
  // In CI nothing may be left out.
  expect(hasOpenssl() || process.env['CI'] === undefined).toBe(true);
  const { failures } = await proveTcpFaults({ seeds: 48, until: Infinity });
  expect(failures).toEqual([]);
});
