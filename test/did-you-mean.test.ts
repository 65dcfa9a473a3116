import { expect, test } from 'vitest';
import { nearest } from '../src/did-you-mean.ts';

const COMMANDS = ['plan', 'apply', 'resume', 'report', 'runs', 'doctor'];

test.each([
  ['aply', 'apply'],
  ['palns', undefined],
  ['paln', 'plan'],
  ['resum', 'resume'],
  ['reprot', 'report'],
  ['run', 'runs'],
  ['x', undefined],
  ['delete-everything', undefined],
])('%s is nearest to %s', (word, candidate) => {
  expect(nearest(word, COMMANDS)).toBe(candidate);
});

test('a long text is no mistyped word, however near', () => {
  expect(nearest('x'.repeat(41), ['x'.repeat(40)])).toBeUndefined();
});
