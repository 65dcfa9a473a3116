import * as fc from 'fast-check';
import { expect, test } from 'vitest';
import { flatObjectAt } from '../../src/manifest/flat-object.ts';
import { openManifests } from '../../src/manifest/read-manifests.ts';
import type { ManifestRow } from '../../src/types.ts';
import { inPieces } from './manifest-folder.ts';

const token = fc.constantFrom(
  '{',
  '}',
  '"',
  '"id"',
  ':',
  ',',
  '"a":"b"',
  ' ',
  '\n',
  '\\"',
  '1',
  'ü',
  '\t',
  '[',
);

/** The keys and values that stand at the marks, in pairs. */
function pairsOf(text: string, marks: readonly number[]): [string, string][] {
  const pairs: [string, string][] = [];
  for (let at = 0; at < marks.length; at += 4) {
    const [keyStart = 0, keyEnd = 0, start = 0, end = 0] = marks.slice(at, at + 4);
    pairs.push([text.slice(keyStart + 1, keyEnd), text.slice(start + 1, end)]);
  }
  return pairs;
}

test('what is taken for a flat object is one, with the texts that JSON.parse finds', () => {
  fc.assert(
    fc.property(fc.array(token, { maxLength: 12 }), (tokens) => {
      const text = `{${tokens.join('')}`;
      const object = flatObjectAt(Buffer.from(text), 0);
      if (object === undefined) return;
      const whole = text.slice(object.start, object.end + 1);
      expect(JSON.parse(whole)).toEqual(Object.fromEntries(pairsOf(whole, object.marks)));
    }),
    { numRuns: 2_000 },
  );
});

test('an object of plain texts is taken, whatever its layout is', () => {
  const plain = fc.stringMatching(/^[aZ0 {}[\]:,/_-]{0,6}$/);
  fc.assert(
    fc.property(fc.dictionary(plain, plain, { minKeys: 1 }), fc.nat({ max: 2 }), (object, indent) => {
      const text = JSON.stringify(object, null, indent);
      const found = flatObjectAt(Buffer.from(`${text}, {`), 0);
      expect(Object.fromEntries(pairsOf(text, found?.marks ?? []))).toEqual({ ...object });
      expect(found?.end).toBe(text.length - 1);
    }),
  );
});

test('an object that is not whole, empty, nested or not only of plain ASCII texts is left to the tokenizer', () => {
  const others = [
    '{',
    '{}',
    '{"a":"b"',
    '{"a":"b",}',
    '{"a":1}',
    '{"a":{"b":"c"}}',
    '{"a":"ü"}',
    '{"a":"\\n"}',
  ];
  for (const text of [...others, '{"a":"\t"}', '{"a" "b"}', '{"a":"b" "c":"d"}', '{"a":"b":"c"}']) {
    expect(flatObjectAt(Buffer.from(text), 0), text).toBeUndefined();
  }
});

const reason = fc.constantFrom('old', 'ü { [ ,', '{,{"a"', 'a\\b "c"', '  {', '');
const row = fc.record({ id: fc.stringMatching(/^[0-9a-f]{10}$/), reason });
const space = fc.constantFrom('', ' ', '\n', '  \r\n\t');

test('rows that are flat and rows that are not may follow each other in any order, spacing and pieces', async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.array(row, { minLength: 1, maxLength: 12 }),
      space,
      fc.integer({ min: 1, max: 40 }),
      async (others, gap, pieces) => {
        // The first kilobyte is read whole: only behind it pieces stay as they come.
        const rows = [{ id: '8a4f94e736', reason: 'x'.repeat(1_100) }, ...others];
        const text = `[${gap}${rows.map((one) => JSON.stringify(one, null, gap.length)).join(`${gap},${gap}`)}${gap}]`;
        const stdin = inPieces(text, pieces);
        const source = await openManifests(['-'], { format: 'json', kind: 'video', stdin });
        const read: ManifestRow[] = [];
        for await (const page of source.pages()) read.push(...page);
        expect(read.map(({ id, reason: why }) => ({ id, reason: why }))).toEqual(rows);
      },
    ),
  );
});
