import { describe, expect, test } from 'vitest';
import { proveFaultyProcesses } from './faulty-processes.ts';
import { proveFullDisk } from './full-disk.ts';
import { whyNoStorageFaults } from './storage-fault-shim.ts';
import { proveStorageFaults } from './storage-faults.ts';

describe('storage that fails ends a run with exit code 8, and nothing is lost or invented', () => {
  // In CI nothing may be left out.
  describe.skipIf(whyNoStorageFaults() !== null && process.env['CI'] === undefined)(
    'needs a C compiler',
    () => {
      test('at the N-th operation, once or from then on', async () => {
        const { failures, figures } = await proveStorageFaults({ seeds: 40, until: Infinity });
        expect(failures).toEqual([]);
        expect(figures).not.toContain('not done');
      });

      test('and the program says so', async () => {
        const { failures, figures } = await proveFaultyProcesses({ seeds: 3, until: Infinity });
        expect(failures).toEqual([]);
        expect(figures).not.toContain('no processes');
      });
    },
  );

  test('when a real disk is full, where one can be mounted', async () => {
    const { failures } = await proveFullDisk({ seeds: 1, until: Infinity });
    expect(failures).toEqual([]);
  });
});
