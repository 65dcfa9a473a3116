import * as fc from 'fast-check';
import { expect, test } from 'vitest';
import { parseBehaviour } from '../../src/sandbox/behaviour.ts';

test.each([
  ['ok', { answer: 'account', delivery: 'whole', applies: true }],
  ['slow:1500', { answer: 'account', applies: true, delayMs: 1500 }],
  ['not_found', { answer: 'not_found', applies: false, status: 400 }],
  ['lie', { answer: 'success', applies: false }],
  ['429', { answer: 'status', applies: false, status: 429, retryAfter: null }],
  ['429:date+5', { answer: 'status', applies: false, status: 429, retryAfter: 'date+5' }],
  [
    '503:Wed, 21 Oct 2026 07:28:00 GMT',
    { status: 503, applies: false, retryAfter: 'Wed, 21 Oct 2026 07:28:00 GMT' },
  ],
  ['503-applied', { answer: 'status', applies: true, status: 503 }],
  ['202-applied', { answer: 'status', applies: true, status: 202 }],
  ['200-error', { answer: 'ok_error', applies: false }],
  ['200-error-applied', { answer: 'ok_error', applies: true }],
  ['html', { answer: 'html', applies: false, status: 200 }],
  ['html-404', { answer: 'html', applies: false, status: 404 }],
  ['html-502-applied', { answer: 'html', applies: true, status: 502 }],
  ['reset-before', { delivery: 'reset', applies: false }],
  ['reset-after', { delivery: 'reset', applies: true }],
  ['hang', { delivery: 'hang', applies: false }],
  ['hang-applied', { delivery: 'hang', applies: true }],
  ['stall', { delivery: 'stall', applies: true }],
  ['truncated', { delivery: 'truncated', applies: true }],
  ['huge', { answer: 'huge', applies: true }],
])('the word %s', (word, meaning) => {
  expect(parseBehaviour(word)).toMatchObject({ ...meaning, name: word.split(':')[0] });
});

test.each([
  '',
  'OK',
  'ok-applied',
  'reset-after-applied',
  '200',
  '204',
  '199',
  '600',
  '42',
  'slow',
  'slow:',
  'slow:1e3',
  'hang:5',
  'html-99',
  '429:',
  '429:line\nbreak',
  '__proto__',
  'constructor',
])('%j is no word', (text) => {
  expect(parseBehaviour(text)).toBeUndefined();
});

test('every status from 202 on but 204 is a word, alone and applied', () => {
  fc.assert(
    fc.property(fc.integer({ min: 202, max: 599 }), fc.boolean(), (status, applies) => {
      fc.pre(status !== 204);
      const word = `${status}${applies ? '-applied' : ''}`;
      expect(parseBehaviour(word)).toMatchObject({ answer: 'status', delivery: 'whole', status, applies });
    }),
  );
});
