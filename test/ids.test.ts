import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { idProblem, isSafeId } from '../src/ids.ts';

const STRICT = { anyShape: false };

describe('an ID', () => {
  test.each(['8a4f94e736', 'e990cb0d94', '783537ef5', 'abcd123', '12345678e1'])('of a video: %s', (id) => {
    expect(idProblem('video', id, STRICT)).toBeUndefined();
    expect(idProblem('replica', id, STRICT)).toBe('looks like a video ID in a replica row');
  });

  test.each(['rf4e9d9790f0', 'r79e1c033f', 'r783537ef5'])('of a replica: %s', (id) => {
    expect(idProblem('replica', id, STRICT)).toBeUndefined();
    expect(idProblem('video', id, STRICT)).toBe('looks like a replica ID in a video row');
  });

  test.each([
    ['', /is empty/],
    [' 8a4f94e736', /spaces around it/],
    ['8a4f94e736 ', /spaces around it/],
    ['8A4F94E736', /capital letters/],
    ['1.23E+08', /spreadsheet/],
    ['#NAME?', /spreadsheet/],
    ['12345678,5', /spreadsheet/],
    ['123456', /spreadsheet/],
    ['p5317866', /persona/],
    ['8a4f', /does not look like a video ID/],
    ['..', /is not an ID/],
    ['../replicas/r79e1c033f', /is not an ID/],
    ['8a4f94e736?hard=true', /is not an ID/],
    ['8a4f94e736#x', /is not an ID/],
    ['%2e%2e', /is not an ID/],
    ['８a4f94e736', /is not an ID/],
    ['8a4f94e\u200B736', /is not an ID/],
    ['8a4f\n94e736', /is not an ID/],
  ])('of a video that is %j is refused with the reason', (id, problem) => {
    expect(idProblem('video', id, STRICT)).toMatch(problem);
  });

  test('never becomes part of a URL unless it is 4 to 64 plain characters, whatever the rules', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary', maxLength: 80 }), (id) => {
        const isPlain = id.length >= 4 && id.length <= 64 && !/[^A-Za-z0-9_-]/.test(id);
        expect(isSafeId(id)).toBe(isPlain);
        expect(idProblem('video', id, { anyShape: true }) === undefined).toBe(isPlain);
      }),
      { numRuns: 2_000 },
    );
  });

  test('of any plain shape is accepted when the shape check is lifted', () => {
    expect(idProblem('video', 'Some_Other-ID', { anyShape: true })).toBeUndefined();
    expect(idProblem('video', 'abc', { anyShape: true })).toMatch(/is not an ID/);
  });
});
