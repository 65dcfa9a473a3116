import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { scrubberFor } from '../src/scrub.ts';

const KEY = 'k3y+/with="odd" chars&1';

describe('a scrubbed text', () => {
  const scrub = scrubberFor(KEY);

  test.each([
    ['as it is', KEY],
    ['URL-encoded', encodeURIComponent(KEY)],
    ['in base64', Buffer.from(KEY).toString('base64')],
    ['in base64url', Buffer.from(KEY).toString('base64url')],
    ['in JSON', JSON.stringify({ key: KEY })],
    ['in basic authentication', Buffer.from(`user:${KEY}`).toString('base64')],
    ['in base64 after one more byte', Buffer.from(`u:${KEY}:x`).toString('base64')],
  ])('holds the key in no form: %s', (_, text) => {
    const scrubbed = scrub(`before ${text} after`);
    expect(scrubbed).toContain('[API key]');
    expect(scrubbed).not.toContain(text);
    expect(scrubbed.startsWith('before ')).toBe(true);
    expect(scrubbed.endsWith(' after')).toBe(true);
  });

  test('keeps everything else, and loses the key wherever it stands', () => {
    fc.assert(
      fc.property(fc.string({ minLength: 8 }), fc.string(), fc.string(), (key, before, after) => {
        fc.pre(!before.includes(key) && !after.includes(key) && !key.includes('[API key]'));
        const scrubbed = scrubberFor(key)(`${before}${key}${after}`);
        expect(scrubbed.includes(key)).toBe(false);
        expect(scrubberFor(key)('nothing to see')).toBe('nothing to see');
      }),
    );
  });
});
