import { createHash } from 'node:crypto';
import { expect, test } from 'vitest';
import { planDigest } from '../../src/plan/digest.ts';

test('the planId is the digest of the text that the contract defines, in however many pieces it comes', () => {
  const lines = Array.from(
    { length: 2_000 },
    (_, row) => `soft\tvideo\tabc${String(row).padStart(7, '0')}\n`,
  );
  for (const pieces of [[], lines, [lines.join('')]]) {
    const expected = createHash('sha256')
      .update(`tavus-purge-plan/1\nhttps://tavusapi.com\n${pieces.join('')}`)
      .digest('hex');
    const planned = pieces.map((text) => ({ text }));
    expect(planDigest('https://tavusapi.com', planned)).toBe(expected);
  }
});
