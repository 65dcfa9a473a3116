import * as fc from 'fast-check';
import { expect, test } from 'vitest';
import { parseOutTemplate } from '../../src/job/job-values.ts';
import { expandOut } from '../../src/job/out-template.ts';

const VALUES = {
  job: 'nightly',
  runId: '20261122-230500-8ee2df',
  startedAt: Date.parse('2026-11-22T23:05Z'),
  timeZone: null,
};

test('placeholders stand for the job, the run and the day on which it began', () => {
  expect(expandOut('/out/{job}/{date}/{runId}/{job}', VALUES)).toBe(
    '/out/nightly/2026-11-22/20261122-230500-8ee2df/nightly',
  );
});

test('the day is that of the zone of the window', () => {
  expect(expandOut('{date}', { ...VALUES, timeZone: 'Europe/Berlin' })).toBe('2026-11-23');
  expect(expandOut('{date}', { ...VALUES, timeZone: 'America/New_York' })).toBe('2026-11-22');
});

test.each(['{jbo}', '{}', '{', 'a}', '{{job}}', '${HOME}/x', '{ job }', '{job', '', '-', '~/x'])(
  'the template "%s" is refused',
  (template) => {
    expect(parseOutTemplate(template).ok).toBe(false);
  },
);

test('names that could leave the folder are never expanded', () => {
  for (const bad of ['..', '.', 'a/b', '', 'a\0b', '../x']) {
    expect(() => expandOut('/out/{job}', { ...VALUES, job: bad })).toThrow(RangeError);
    expect(() => expandOut('/out/{runId}', { ...VALUES, runId: bad })).toThrow(RangeError);
  }
});

test('an accepted template leaves no brace behind', () => {
  const part = fc.constantFrom('{job}', '{date}', '{runId}', '{', '}', 'a', '/');
  fc.assert(
    fc.property(fc.array(part, { maxLength: 8 }), (parts) => {
      const template = parts.join('');
      const expanded = parseOutTemplate(template).ok ? expandOut(template, VALUES) : 'refused';
      expect(expanded).not.toMatch(/[{}]/);
    }),
  );
});
