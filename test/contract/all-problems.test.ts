/** CONTRACT 3: an invalid row stops the plan, and all problems are listed, not only the first. */
import { expect, test } from 'vitest';
import { newPurge } from '../e2e/purge-process.ts';

test('a line of NDJSON that is not JSON does not hide the problems of the lines after it', async () => {
  const purge = await newPurge();
  const manifest = await purge.manifest(
    '{"id":"1111111111","kind":"video"}\nnope\n{"id":"2222222222"}\n',
    'rows.ndjson',
  );
  const { code, stderr } = await purge.run('plan', manifest);
  expect(code).toBe(2);
  expect(stderr).toMatch(/rows\.ndjson:2:/);
  expect(stderr).toMatch(/rows\.ndjson:3:/);
});

test('the advice for an unknown column of a hold file is advice that works', async () => {
  const purge = await newPurge();
  const manifest = await purge.manifest(['1111111111']);
  const holds = await purge.manifest('id,owner\n2222222222,legal\n', 'holds.csv');
  const { code, stderr } = await purge.run('plan', manifest, '--hold', holds, '--ignore-columns', 'owner');
  if (code === 0) return;
  expect(stderr).not.toContain('--ignore-columns');
});
