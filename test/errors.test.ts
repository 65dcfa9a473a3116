import { expect, test } from 'vitest';
import { messageOf } from '../src/errors.ts';

test.each([
  [new TypeError('not a function'), 'not a function'],
  ['thrown as a text', 'thrown as a text'],
  [{ message: 'of no error' }, 'unknown error'],
  [undefined, 'unknown error'],
  [null, 'unknown error'],
])('whatever is thrown (%j) has a message', (thrown, message) => {
  expect(messageOf(thrown)).toBe(message);
});
