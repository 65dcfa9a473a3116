import { expect, test } from 'vitest';
import { proveKill9 } from './kill9.ts';

test('a purge that is killed again and again ends with one true row for every ID', async () => {
  const small = { ids: 16, mostKills: 2, mostRequestsALife: 6, reported: 0.5 };
  const { failures } = await proveKill9({ seeds: 3, until: Infinity }, small);
  expect(failures).toEqual([]);
});
