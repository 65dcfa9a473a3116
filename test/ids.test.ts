import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { idProblem, isSafeId } from '../src/ids.ts';

const STRICT = { anyShape: false };

describe('an ID', () => {
  test.each(['8a4f94e736', 'e990cb0d94', '783537ef5', 'abcd123', '12345678e1', '0123456789abcdef'])(
    'of a video: %s',
    (id) => {
      expect(idProblem('video', id, STRICT)).toBeUndefined();
      expect(idProblem('replica', id, STRICT)).toBe('looks like a video ID in a replica row');
    },
  );

  test.each(['rf4e9d9790f0', 'r79e1c033f', 'r783537ef5', 'rabc123', 'r0123456789abcde'])(
    'of a replica: %s',
    (id) => {
      expect(idProblem('replica', id, STRICT)).toBeUndefined();
      expect(idProblem('video', id, STRICT)).toBe('looks like a replica ID in a video row');
    },
  );

  test.each([
    ['', /^is empty; expected an ID$/],
    [' 8a4f94e736', /^has spaces around it; IDs are never trimmed, so remove them$/],
    ['8a4f94e736 ', /spaces around it/],
    ['8A4F94E736', /has capital letters; video IDs are lower case/],
    ['8a4f', /does not look like a video ID/],
    ['x8a4f94e736', /does not look like a video ID/],
    ['8a4f94e736x', /does not look like a video ID/],
    ['0123456789abcdef0', /does not look like a video ID/],
    ['xrf4e9d9790f0', /does not look like a video ID/],
    ['rf4e9d9790f0x', /does not look like a video ID/],
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

  test.each([
    ['12E+08', '-1E5', '1E123456', '1.23E08', '1.23E+8', '12.34E+08', '+1,234E-10', '-1.2e+8', '1,5E+08'],
    ['1,5', '12345678,5', '1.25', '-12.75', '+0,5', '1234', '123456'],
    ['#NAME?', '#NUM!', '#VALUE!', '#REF!', '#N/A'],
  ])('that a spreadsheet made of another is said to be that: %s and the like', (...changed) => {
    for (const id of changed) {
      expect([id, idProblem('video', id, STRICT)]).toEqual([
        id,
        'looks changed by a spreadsheet; export the IDs as text',
      ]);
    }
  });

  test.each([
    'x1.23E+08',
    '1.23E+08x',
    '1.E+08',
    '.5E+08',
    '1.23E+',
    'x,5',
    ',55',
    '1.',
    '1.x',
    '#NAME',
    'x#N/A',
    '#N/A!',
  ])('that is no number either is not blamed on a spreadsheet: %s', (id) => {
    expect(idProblem('video', id, STRICT)).toBe('is not an ID; expected 4 to 64 of A-Z a-z 0-9 _ -');
  });

  test.each(['x_1234', '1234_x', '12345g'])('with four digits and more is not: %s', (id) => {
    expect(idProblem('video', id, STRICT)).toMatch(/does not look like a video ID/);
  });

  test('of a replica is never four to six digits, changed or not', () => {
    expect(idProblem('replica', '1234', STRICT)).toMatch(/does not look like a replica ID/);
    expect(idProblem('replica', '123E4567', STRICT)).toMatch(/changed by a spreadsheet/);
  });

  test.each(['p5317866', 'p123456', 'p0123456789abcde'])('of a persona is named as one: %s', (id) => {
    expect(idProblem('video', id, STRICT)).toBe('looks like a persona ID in a video row');
    expect(idProblem('replica', id, STRICT)).toBe('looks like a persona ID in a replica row');
  });

  test.each(['xp5317866', 'p5317866x', 'p12345', 'p0123456789abcdef'])(
    'of no kind is named as none: %s',
    (id) => {
      expect(idProblem('video', id, STRICT)).toMatch(/does not look like a video ID/);
    },
  );

  test('that has no shape of its kind is refused with that shape and the way past the check', () => {
    expect(idProblem('video', 'some-name', STRICT)).toBe(
      'does not look like a video ID; expected 7 to 16 of 0-9 a-f (--unsafe-any-id-shape lifts this check)',
    );
    expect(idProblem('replica', 'some-name', STRICT)).toBe(
      'does not look like a replica ID; expected "r" and 6 to 15 of 0-9 a-f (--unsafe-any-id-shape lifts this check)',
    );
    expect(idProblem('replica', 'RF4E9D9790F0', STRICT)).toBe(
      'has capital letters; replica IDs are lower case and are never changed',
    );
  });

  test('of any plain shape is accepted when the shape check is lifted', () => {
    expect(idProblem('video', 'Some_Other-ID', { anyShape: true })).toBeUndefined();
    expect(idProblem('video', 'abc', { anyShape: true })).toMatch(/is not an ID/);
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
});
