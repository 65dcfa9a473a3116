import * as fc from 'fast-check';
import { expect, test } from 'vitest';
import { remembering } from '../src/remembering.ts';

test('what remembers its last text renders every text as before, and the same one once', () => {
  fc.assert(
    fc.property(fc.array(fc.constantFrom('', 'a', 'b')), (texts) => {
      const rendered: string[] = [];
      const render = remembering((text) => {
        rendered.push(text);
        return `<${text}>`;
      });
      expect(texts.map((text) => render(text))).toEqual(texts.map((text) => `<${text}>`));
      const changes = ['', ...texts].filter((text, index, all) => index === 0 || text !== all[index - 1]);
      expect(rendered).toEqual(changes);
    }),
  );
});

test('a text that cannot be rendered is not taken for one that was', () => {
  const render = remembering((text) => {
    if (text === 'bad') throw new RangeError(text);
    return text;
  });
  expect(() => render('bad')).toThrow(RangeError);
  expect(() => render('bad')).toThrow(RangeError);
  expect(render('good')).toBe('good');
});
