import { expect, test } from 'vitest';
import { fieldsOf, readBody } from '../../src/tavus/answer-body.ts';

test('only a JSON object has fields', () => {
  expect(fieldsOf(readBody(' {"a":1} '))).toEqual({ a: 1 });
  for (const text of ['', '[1]', '"text"', '7', 'true', 'null', '<p>']) {
    expect([text, fieldsOf(readBody(text))]).toEqual([text, undefined]);
  }
});
