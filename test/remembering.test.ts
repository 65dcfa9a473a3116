import * as fc from 'fast-check';
import { expect, test } from 'vitest';
import { remembering } from '../src/remembering.ts';

test('what remembers renders all values as before, and those that follow themselves once', () => {
  const values = fc.tuple(fc.constantFrom('', 'a', 'b'), fc.constantFrom(null, 0, 1));
  fc.assert(
    fc.property(fc.array(values), (rows) => {
      const rendered: string[] = [];
      const render = remembering((text: string, number: number | null) => {
        rendered.push(`${text} ${number}`);
        return `<${text} ${number}>`;
      });
      const names = rows.map(([text, number]) => `${text} ${number}`);
      expect(rows.map(([text, number]) => render(text, number))).toEqual(names.map((name) => `<${name}>`));
      expect(rendered).toEqual(names.filter((name, index) => name !== names[index - 1]));
    }),
  );
});

test('a text that cannot be rendered is not taken for one that was', () => {
  const render = remembering((text: string) => {
    if (text === 'bad') throw new RangeError(text);
    return text;
  });
  expect(() => render('bad')).toThrow(RangeError);
  expect(() => render('bad')).toThrow(RangeError);
  expect(render('good')).toBe('good');
});
