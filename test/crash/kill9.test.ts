import { expect, test } from 'vitest';
import { proveKill9 } from './kill9.ts';

/** Runs of the short version; `KILL9_RUNS` asks for more, and then for more lives a run. */
const runs = Number(process.env['KILL9_RUNS'] ?? 4);
const size =
  process.env['KILL9_RUNS'] === undefined
    ? { ids: 16, mostKills: 2, mostRequestsALife: 6 }
    : { ids: 40, mostKills: 11, mostRequestsALife: 12 };

test(
  'a purge that is killed again and again ends with one true row for every ID',
  { timeout: 3_600_000 },
  async () => {
    const { figures, failures } = await proveKill9({ seeds: runs, until: Infinity }, size);
    console.log(figures);
    expect(failures).toEqual([]);
  },
);
