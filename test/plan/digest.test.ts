import { createHash } from 'node:crypto';
import { expect, test } from 'vitest';
import { planDigest } from '../../src/plan/digest.ts';
import type { PlannedDeletion } from '../../src/types.ts';

test('the digest of a plan of any size is that of the text that the contract defines', () => {
  for (const count of [0, 1, 2_000, 20_000]) {
    const planned = Array.from({ length: count }, (_, row): PlannedDeletion => ({
      row,
      kind: 'video',
      id: `abc${String(row).padStart(7, '0')}`,
      mode: 'soft',
    }));
    const text = planned.map(({ mode, kind, id }) => `${mode}\t${kind}\t${id}\n`).join('');
    const expected = createHash('sha256')
      .update(`tavus-purge-plan/1\nhttps://tavusapi.com\n${text}`)
      .digest('hex');
    expect(planDigest('https://tavusapi.com', planned)).toBe(expected);
  }
});
