import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import { expect, test } from 'vitest';

/** Keeps much alive for a while, as a long run does, and prints the size of the young generation in megabytes. */
const LONG_RUN = `
  import { getHeapSpaceStatistics } from 'node:v8';
  const alive = [];
  for (let row = 0; row < 2_000_000; row += 1) alive[row % 200_000] = { row, text: String(row) };
  const { space_size: bytes } = getHeapSpaceStatistics().find(({ space_name: name }) => name === 'new_space');
  console.log(Math.round(bytes / 1_048_576));
`;

async function youngMegabytesAfter(before: string): Promise<number> {
  const script = ['--input-type=module', '--eval', `${before}\n${LONG_RUN}`];
  const { stdout } = await promisify(execFile)(process.execPath, script);
  return Number(stdout);
}

test('the young generation of V8 stays small in a long run, which it does not do by itself', async () => {
  const url = new URL('../../src/cli/young-generation.ts', import.meta.url).href;
  const bounded = `import { boundYoungGeneration } from ${JSON.stringify(url)}; boundYoungGeneration();`;
  expect(await youngMegabytesAfter('')).toBeGreaterThan(40);
  expect(await youngMegabytesAfter(bounded)).toBeLessThanOrEqual(32);
});
