import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import { expect, test } from 'vitest';

/** Keeps much alive for a while, as a long run does, and prints what V8 made of it, in megabytes. */
const LONG_RUN = `
  import { getHeapSpaceStatistics } from 'node:v8';
  const alive = [];
  let peak = 0;
  for (let row = 0; row < 4_000_000; row += 1) {
    alive[row % 200_000] = { row, text: String(row) };
    if (row % 10_000 === 0) peak = Math.max(peak, process.memoryUsage().heapTotal);
  }
  const { space_size: young } = getHeapSpaceStatistics().find(({ space_name: name }) => name === 'new_space');
  console.log(JSON.stringify({ young: young / 1_048_576, peak: peak / 1_048_576 }));
`;

async function megabytesOf(before: string): Promise<{ readonly young: number; readonly peak: number }> {
  const script = ['--input-type=module', '--eval', `${before}\n${LONG_RUN}`];
  const { stdout } = await promisify(execFile)(process.execPath, script);
  return JSON.parse(stdout);
}

test('the memory of V8 stays small in a long run, which it does not do by itself', async () => {
  const url = new URL('../../src/cli/bound-memory.ts', import.meta.url).href;
  const byItself = await megabytesOf('');
  const bounded = await megabytesOf(`import { boundMemory } from ${JSON.stringify(url)}; boundMemory(32);`);
  expect(byItself.young).toBeGreaterThan(100);
  expect(bounded.young).toBeLessThanOrEqual(64);
  expect(bounded.peak).toBeLessThan(byItself.peak * 0.7);
});
