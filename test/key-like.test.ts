import { describe, expect, test } from 'vitest';
import { isSecretName, looksLikeKey, shownName, shownValue } from '../src/key-like.ts';

const KEYS = [
  'sk-abcdefabcdef',
  'tvs_ABCDEFABCDEF',
  'tavus-0123456789abcdef',
  '01234567-89ab-cdef-0123-456789abcdef',
  'a1b2c3d4e5f6a7b8c9d0',
];
const OTHERS = [
  '8a4f94e736',
  'rf4e9d9790f0',
  'sk-short',
  'abcdefghijklmnopqrstuvwxyz',
  '01234567890123456789',
  'manifests/2026-01-02/ids.csv',
  '',
];

describe('what looks like a key', () => {
  test.each(KEYS)('%s is never shown, as a value or as a name', (text) => {
    expect(looksLikeKey(text)).toBe(true);
    expect(shownValue(text)).not.toContain(text);
    expect(shownName(text)).not.toContain(text);
  });

  test.each(OTHERS)('"%s" is shown as a value', (text) => {
    expect(looksLikeKey(text)).toBe(false);
    expect(shownValue(text)).toBe(`"${text}"`);
  });
});

test.each(['apiKey', 'x-api-key', 'TAVUS_API_KEY', 'tavus-token', 'password', 'Authorization'])(
  '%s is the name of a secret',
  (name) => {
    expect(isSecretName(name)).toBe(true);
  },
);

test.each(['key-file', 'apiKeyFile', 'monkey', 'hold'])('%s is no name of a secret', (name) => {
  expect(isSecretName(name)).toBe(false);
});

test('a name of letters is shown, one that a key could hide in is not', () => {
  expect(shownName('max-deletions')).toBe('"max-deletions"');
  expect(shownName('max2')).toBe('(a name that is not shown)');
  expect(shownName('x'.repeat(61))).toBe('(a name that is not shown)');
});
