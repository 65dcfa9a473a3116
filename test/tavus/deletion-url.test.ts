import * as fc from 'fast-check';
import { describe, expect, test, vi } from 'vitest';

import { printable } from '../../src/printable.ts';
import { deletionPath, lookupPath } from '../../src/tavus/deletion-url.ts';
import type { Kind, Mode, PlannedDeletion } from '../../src/types.ts';

function planned(kind: Kind, id: string, mode: Mode): PlannedDeletion {
  return { row: 1, kind, id, mode };
}

/** A deletion as only a cast could make it. */
function wrong(fields: object): PlannedDeletion {
  return { ...planned('video', '8a4f94e736', 'soft'), ...fields };
}

function pathOrNothing(deletion: PlannedDeletion): string | undefined {
  try {
    return deletionPath(deletion);
  } catch {
    return undefined;
  }
}

describe('deletionPath', () => {
  test.each([
    ['video', 'soft', '8a4f94e736', '/v2/videos/8a4f94e736'],
    ['video', 'hard', '8a4f94e736', '/v2/videos/8a4f94e736?hard=true'],
    ['replica', 'soft', 'rf4e9d9790f0', '/v2/replicas/rf4e9d9790f0'],
    ['replica', 'hard', 'rf4e9d9790f0', '/v2/replicas/rf4e9d9790f0?hard=true'],
  ] as const)('of a %s, %s, names exactly that', (kind, mode, id, path) => {
    expect(deletionPath(planned(kind, id, mode))).toBe(path);
  });

  test.each([
    '',
    '.',
    '..',
    '....',
    '../replicas/rf4e9d9790f0',
    '%2e%2e/replicas',
    'a#bcd',
    'a?hard=true',
    'abcd?hard=true',
    'abcd/',
    '/abcd',
    '//evil.example',
    'https://evil.example/x',
    '\\..\\x',
    'ab\ncd',
    'abcd\n',
    'ab cd',
    ' abcd',
    'abc',
    'a'.repeat(65),
    '８a4f94e736',
    'abcd\u200b',
    'undefined/..',
    'abcd;x',
    'abcd%00',
    'abcd@evil',
    'ａbcd',
  ])('throws for %j, which could name something else', (id) => {
    expect(() => deletionPath(planned('video', id, 'soft'))).toThrow(
      `this video ID may not become part of a URL: ${printable(id, 100)}`,
    );
    expect(() => deletionPath(planned('replica', id, 'hard'))).toThrow(/^this replica ID may not/);
    expect(() => lookupPath('video', id)).toThrow(/^this video ID may not/);
  });

  test('throws for a kind or mode that does not exist, rather than guess', () => {
    expect(() => deletionPath(wrong({ kind: 'persona' }))).toThrow(/^this persona ID may not/);
    expect(() => deletionPath(wrong({ kind: 'toString' }))).toThrow(/^this toString ID may not/);
    expect(() => deletionPath(wrong({ mode: 'HARD' }))).toThrow(/neither soft nor hard/);
    expect(() => deletionPath(wrong({ mode: undefined }))).toThrow(/neither soft nor hard/);
  });
});

test('lookupPath asks a replica to say whose it is, and never carries hard', () => {
  expect(lookupPath('video', '8a4f94e736')).toBe('/v2/videos/8a4f94e736');
  expect(lookupPath('replica', 'rf4e9d9790f0')).toBe('/v2/replicas/rf4e9d9790f0?verbose=true');
});

describe('a URL that is read as anything but what was written is never sent, whatever the gate let through', () => {
  const READ = {
    href: 'https://tavusapi.com/v2/videos/8a4f94e736?hard=true',
    pathname: '/v2/videos/8a4f94e736',
    search: '?hard=true',
    hash: '',
  };
  const deletion = planned('video', '8a4f94e736', 'hard');

  /** The path that is built while every URL is read like this. */
  function pathReadAs(read: typeof READ): string {
    vi.stubGlobal(
      'URL',
      class {
        readonly href = read.href;
        readonly pathname = read.pathname;
        readonly search = read.search;
        readonly hash = read.hash;
      },
    );
    try {
      return deletionPath(deletion);
    } finally {
      vi.unstubAllGlobals();
    }
  }

  test('which is so for nothing else', () => {
    expect(pathReadAs(READ)).toBe('/v2/videos/8a4f94e736?hard=true');
  });

  test.each([
    { href: 'https://tavusapi.com/v2/videos/' },
    { pathname: '/v2/videos/' },
    { search: '' },
    { hash: '#x' },
  ])('with %j', (misread) => {
    expect(() => pathReadAs({ ...READ, ...misread })).toThrow(
      'the URL of this video would name something else: 8a4f94e736',
    );
  });
});

test('deletionPath for any text either throws or yields a URL that a parser reads as written', () => {
  const texts = fc.oneof(
    fc.string({ unit: 'binary', maxLength: 80 }),
    fc.stringMatching(/^[A-Za-z0-9_./?#%-]{0,70}$/),
    fc.stringMatching(/^[A-Za-z0-9_-]{4,64}$/),
  );
  fc.assert(
    fc.property(
      texts,
      fc.constantFrom('video', 'replica'),
      fc.constantFrom('soft', 'hard'),
      (id, kind, mode) => {
        const path = pathOrNothing(planned(kind, id, mode));
        const expected = `/v2/${kind}s/${id}${mode === 'hard' ? '?hard=true' : ''}`;
        const safe = /^[A-Za-z0-9_-]{4,64}$/.test(id);
        expect(path).toBe(safe ? expected : undefined);
        expect(!safe || new URL(expected, 'https://tavusapi.com').href.endsWith(expected)).toBe(true);
      },
    ),
    { numRuns: 300 },
  );
});
