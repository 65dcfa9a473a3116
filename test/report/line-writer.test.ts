import * as fc from 'fast-check';
import { expect, test } from 'vitest';
import { LineWriter } from '../../src/report/line-writer.ts';

/** What was handed on, in pieces; each is kept as it was at that moment. */
function collector(): { readonly pieces: Buffer[]; readonly writer: LineWriter } {
  const pieces: Buffer[] = [];
  const writer = new LineWriter(async (content) => void pieces.push(Buffer.from(content)));
  return { pieces, writer };
}

async function write(lines: Iterable<string>): Promise<Buffer[]> {
  const { pieces, writer } = collector();
  for (const line of lines) {
    writer.add(line);
    if (writer.isFull) await writer.flush();
  }
  await writer.flush();
  return pieces;
}

test('any lines come out as the UTF-8 that they are, whatever their lengths', async () => {
  const unit = fc.constantFrom('a', 'é', '東', '👍', '\ud800', '\n');
  const text = fc.string({ unit, maxLength: 20 });
  const times = fc.oneof(fc.integer({ min: 0, max: 3 }), fc.integer({ min: 1_000, max: 60_000 }));
  const line = fc.tuple(text, times).map(([part, count]) => part.repeat(count));
  await fc.assert(
    fc.asyncProperty(fc.array(line, { maxLength: 8 }), async (lines) => {
      const written = Buffer.concat(await write(lines));
      expect(written.equals(Buffer.concat(lines.map((each) => Buffer.from(each))))).toBe(true);
    }),
    { numRuns: 50 },
  );
});

test('many lines are handed on in few pieces of bounded size', async () => {
  const lines = Array.from({ length: 20_000 }, (_, index) => `line ${index} ${'x'.repeat(80)}\n`);
  const pieces = await write(lines);
  expect(Buffer.concat(pieces).toString()).toBe(lines.join(''));
  expect(pieces.length).toBeGreaterThan(2);
  expect(pieces.length).toBeLessThan(10);
});

test('nothing is handed on twice', async () => {
  const { pieces, writer } = collector();
  writer.add('first\n');
  await writer.flush();
  await writer.flush();
  writer.add('second\n');
  await writer.flush();
  expect(pieces.map(String)).toEqual(['first\n', '', 'second\n']);
});
