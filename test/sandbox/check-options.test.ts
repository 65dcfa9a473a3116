import { expect, test } from 'vitest';
import { PurgeError } from '../../src/errors.ts';
import { changeOptions, checkOptions } from '../../src/sandbox/check-options.ts';
import { createSandbox } from '../../src/sandbox/create-sandbox.ts';

function problemsOf(act: () => unknown): readonly string[] {
  try {
    act();
  } catch (error) {
    if (error instanceof PurgeError && error.kind === 'usage' && error.next) return error.details;
    throw error;
  }
  return [];
}

/** What a configuration file or a request might say, whatever the types want. */
const check = (options: object) => problemsOf(() => checkOptions(options));

test('without options there is no trouble', () => {
  expect(checkOptions({})).toMatchObject({
    seed: 1,
    apiKeys: ['sandbox-key-0001'],
    latencyMs: [0, 0],
    throttle: { rate: 0 },
    errors: { rate: 0 },
    hang: 0,
    outageAfter: Infinity,
    revokeKeyAfter: Infinity,
    rateLimit: null,
    script: new Map(),
  });
});

test.each([
  [{ vidoes: 3 }, 'vidoes'],
  [{ videos: -1 }, 'videos'],
  [{ videos: 1.5 }, 'videos'],
  [{ hang: 2 }, 'hang'],
  [{ errors: { rate: 0.1, statuses: [200] } }, 'errors.statuses.0'],
  [{ latencyMs: [5, 1] }, 'latencyMs'],
  [{ apiKeys: ['short'] }, 'apiKeys.0'],
  [{ apiKeys: [] }, 'apiKeys'],
  [{ ids: { videos: ['../x'] } }, 'ids.videos.0'],
  [{ script: { '8a4f94e736': ['ok', 'no\u202Ewhere'] } }, '"no<U+202E>where"'],
  [{ script: { '8a4f94e736': ['nope'] } }, 'script.8a4f94e736.0'],
  [{ throttle: { rate: 0.6 }, html: 0.6 }, 'add up to 1.2'],
  [{ throttle: { rate: 0.1, retryAfter: 'a\nb' } }, 'throttle.retryAfter'],
])('%j is refused, and the problem says where', (options, place) => {
  expect(check(options).join('\n')).toContain(place);
});

test('a key that is refused is not echoed', () => {
  expect(check({ apiKeys: ['secret\u0000key'] }).join('\n')).not.toContain('secret');
});

test('a change keeps what it does not name, and null goes back to the default', () => {
  const options = { hang: 0.5, html: 0.1, videos: 3 };
  expect(checkOptions(changeOptions(options, { hang: null }))).toMatchObject({
    hang: 0,
    html: 0.1,
    videos: 3,
  });
});

test.each([[null], [[]], ['x'], [{ videos: 3 }], [{ seed: 1 }], [JSON.parse('{"__proto__": 1}')]])(
  'a change cannot be %j',
  (changes) => {
    expect(() => changeOptions({}, changes)).toThrow(PurgeError);
  },
);

test('a wrong change changes nothing', () => {
  const sandbox = createSandbox({ hang: 0.5 });
  expect(() => {
    sandbox.set({ html: 0.6 });
  }).toThrow(PurgeError);
  // Half of all requests hang and half are redirected: there is room for that only if no page is left over.
  sandbox.set({ redirect: 0.5 });
  expect(() => {
    sandbox.set({ html: 0.1 });
  }).toThrow(PurgeError);
});

test('an ID may be spelled __proto__', () => {
  const script = JSON.parse('{"__proto__": ["409"]}');
  expect(checkOptions({ script }).script.get('__proto__')).toMatchObject([{ status: 409 }]);
});
