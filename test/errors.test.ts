import { expect, test } from 'vitest';
import { messageOf, PurgeError, rethrowBug } from '../src/errors.ts';

test.each([
  [new TypeError('not a function'), 'not a function'],
  ['thrown as a text', 'thrown as a text'],
  [{ message: 'of no error' }, 'unknown error'],
  [undefined, 'unknown error'],
  [null, 'unknown error'],
])('whatever is thrown (%j) has a message', (thrown, message) => {
  expect(messageOf(thrown)).toBe(message);
});

test('a bug is thrown again wherever only foreseen errors are dealt with', () => {
  const bug = new TypeError('a bug');
  expect(() => rethrowBug(bug)).toThrow(bug);
  expect(() => rethrowBug(new PurgeError('storage', 'The disk is full.'))).not.toThrow();
});
