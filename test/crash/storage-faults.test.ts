import { expect, test } from 'vitest';
import { whyNoStorageFaults } from './storage-fault-shim.ts';
import { proveStorageFaults } from './storage-faults.ts';

const why = whyNoStorageFaults();

test.skipIf(why !== null && process.env['CI'] === undefined)(
  'storage that fails at the N-th operation ends a run with exit code 8, and nothing is lost or invented',
  async () => {
    expect(why).toBeNull();
    const { failures } = await proveStorageFaults({ seeds: 40, until: Infinity });
    expect(failures).toEqual([]);
  },
);
