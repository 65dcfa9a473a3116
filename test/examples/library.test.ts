import { expect, test } from 'vitest';
import { runExample } from './run-example.ts';

test('the library example is stopped half-way, resumed, and every ID is deleted once', async () => {
  const { code, text } = await runExample('examples/library/purge.ts');
  expect(code, text).toBe(0);
  const planned = [...text.matchAll(/^planned +(\S+) soft$/gm)].map(([, id]) => id);
  const outcomes = [...text.matchAll(/^outcome +(\S+) deleted$/gm)].map(([, id]) => id);
  expect(planned).toHaveLength(4);
  expect(outcomes).toEqual(planned);
  expect(text).toContain('ended    exit code 5, complete false');
  expect(text).toContain('resumed  exit code 0, complete true, deleted 4');
});
