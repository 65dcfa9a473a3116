import * as fc from 'fast-check';
import { expect, test } from 'vitest';
import { EXIT_CODES, type ExitName } from '../../src/errors.ts';
import { endLine } from '../../src/job/end-line.ts';
import { jobEnd, troubledEnd } from './job-end.ts';

test('the line says which job, how it ended, why, and what to do next', () => {
  expect(endLine(troubledEnd())).toBe(
    'nightly stopped: The API refused the key (401); next: tavus-purge resume 20261122-020001-8ee2df',
  );
});

test('without a next step the line ends with the reason', () => {
  expect(endLine(jobEnd())).toBe('nightly ok: Everything was deleted.');
});

test('line breaks become spaces, and control characters become visible', () => {
  const end = jobEnd({ why: 'one\r\n  two\u001b[2J', next: 'a\tb\n' });
  expect(endLine(end)).toBe('nightly ok: one two<U+001B>[2J; next: a b');
});

test('a long command is not cut in half where a long reason is', () => {
  const next = `tavus-purge resume ${'x'.repeat(1_500)}`;
  expect(endLine(jobEnd({ why: 'w'.repeat(5_000), next }))).toMatch(
    / w{400,}…; next: tavus-purge resume x{1500}$/,
  );
});

test('whatever the texts are, it is one printable line', () => {
  const text = fc.uint16Array({ maxLength: 30 }).map((units) => String.fromCharCode(...units));
  const name = fc.constantFrom(...(Object.keys(EXIT_CODES) as ExitName[]));
  fc.assert(
    fc.property(text, name, text, fc.option(text), (job, exitName, why, next) => {
      const line = endLine({ job, exitName, why, next });
      expect(line).not.toMatch(/[\p{Cc}\p{Cf}\p{Cs}\p{Zl}\p{Zp}]/u);
      expect(line).toContain(` ${exitName}: `);
      expect(line.includes('; next: ') || next === null).toBe(true);
    }),
  );
});
