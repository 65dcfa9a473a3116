import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';

import { PurgeError } from '../../src/errors.ts';
import { checkKey, checkTlsEnvironment, keyFingerprint, parseBaseUrl } from '../../src/tavus/target.ts';

/** The usage error that `act` throws; anything else fails the test. */
function usageError(act: () => unknown): PurgeError {
  try {
    act();
  } catch (error) {
    if (error instanceof PurgeError && error.kind === 'usage' && error.next !== undefined) return error;
    throw error;
  }
  throw new Error('nothing was thrown');
}

function originOrNothing(text: string): string | undefined {
  try {
    return parseBaseUrl(text);
  } catch (error) {
    if (error instanceof PurgeError) return undefined;
    throw error;
  }
}

describe('parseBaseUrl', () => {
  test.each([
    ['https://tavusapi.com', 'https://tavusapi.com'],
    ['https://tavusapi.com/', 'https://tavusapi.com'],
    ['https://TavusAPI.com', 'https://tavusapi.com'],
    ['https://tavusapi.com:443', 'https://tavusapi.com'],
    ['https://tavusapi.com:8443/', 'https://tavusapi.com:8443'],
    ['http://127.0.0.1:4010', 'http://127.0.0.1:4010'],
    ['http://127.9.9.9:80', 'http://127.9.9.9'],
    ['http://[::1]:4010', 'http://[::1]:4010'],
    ['http://localhost:4010/', 'http://localhost:4010'],
  ])('reads %s as %s', (text, origin) => {
    expect(parseBaseUrl(text)).toBe(origin);
  });

  test.each([
    '',
    'tavusapi.com',
    'ftp://tavusapi.com',
    'file:///etc/passwd',
    'javascript:1',
    'https://',
    'https:///x',
    'http://tavusapi.com',
    'http://127.0.0.1.evil.example',
    'http://localhost.evil.example',
    'http://10.0.0.1',
    'http://[::2]',
    'http://0.0.0.0:1',
    'http://128.0.0.1',
    'https://user@tavusapi.com',
    'https://user:pass@tavusapi.com',
    'https://@tavusapi.com',
    'https://tavusapi.com@evil.example',
    'https://tavusapi.com/v2',
    'https://tavusapi.com//',
    'https://tavusapi.com/..',
    'https://tavusapi.com/./',
    'https://tavusapi.com?x=1',
    'https://tavusapi.com/?',
    'https://tavusapi.com#',
    'https://tavusapi.com/#x',
    'https:tavusapi.com',
    'https:\\\\tavusapi.com',
    ' https://tavusapi.com',
    'https://tavus\tapi.com',
    'https://tavusapi.com\n',
    'https://tavusapi.com.',
    'https://tävus.example',
    'http://0x7f000001',
    'http://2130706433',
    'https://tavusapi.com:99999',
    'https://tavusapi.com:0443',
  ])('refuses %j', (text) => {
    expect(usageError(() => parseBaseUrl(text)).exitCode).toBe(2);
  });

  test('never shows a password or a query of what it refuses', () => {
    for (const text of [
      'https://u:s3cretpass@tavusapi.com',
      'https://tavusapi.com/?key=s3cretpass',
      'https://tavusapi.com/s3cretpass',
      's3cretpass',
    ]) {
      const { message, next } = usageError(() => parseBaseUrl(text));
      expect(`${message}${next}`).not.toContain('s3cretpass');
    }
  });

  test.each([
    ['127.0.0.1:9', 'http://127.0.0.1:9'],
    ['localhost:8484/', 'http://localhost:8484'],
    ['[::1]:8484', 'http://[::1]:8484'],
    ['tavusapi.example:8443', 'https://tavusapi.example:8443'],
    ['http://staging.example', 'https://staging.example'],
    ['https://staging.example/v2', 'https://staging.example'],
    ['http://127.0.0.1:9/v2', 'http://127.0.0.1:9'],
    ['https://staging.example.', 'https://staging.example'],
    ['http://2130706433:9', 'http://127.0.0.1:9'],
  ])('answers %s with the URL that was meant, %s, which it reads', (text, meant) => {
    expect(usageError(() => parseBaseUrl(text)).next).toBe(`write it as ${meant}`);
    expect(parseBaseUrl(meant)).toBe(meant);
  });

  test.each([
    'htps://staging.example',
    '127.0.0.999:9',
    'localhost:99999',
    's3cret',
    'https://u@127.0.0.1',
    '',
  ])('never recommends production for %j', (text) => {
    const { message, next } = usageError(() => parseBaseUrl(text));
    expect(`${message} ${next}`).not.toContain('tavusapi.com');
  });

  test('for any text yields an origin that means itself, or a usage error', () => {
    const texts = fc.oneof(
      fc.webUrl(),
      fc.string().map((rest) => `https://${rest}`),
      fc.string(),
    );
    fc.assert(
      fc.property(texts, (text) => {
        const origin = originOrNothing(text);
        expect(origin === undefined || new URL(origin).origin === origin).toBe(true);
        expect(origin === undefined || parseBaseUrl(origin) === origin).toBe(true);
      }),
      { numRuns: 50 },
    );
  });
});

test('keyFingerprint is the first 8 hex digits of the SHA-256 of the key', () => {
  expect(keyFingerprint('abc')).toBe('ba7816bf');
});

describe('checkKey', () => {
  test('returns a key that a header can carry', () => {
    for (const key of ['12345678', '!~aB0/+=_-', 'k'.repeat(256)]) expect(checkKey(key)).toBe(key);
  });

  test.each([
    ['', 'empty'],
    ['qwe', 'shorter than 8'],
    ['k'.repeat(257), 'longer than 256'],
    ['secret-key-1234\n', 'before or after'],
    [' secret-key-1234', 'before or after'],
    ['secret\nkey-1234', 'in it'],
    ['secret\0key-1234', 'in it'],
    ['secret key-1234', 'in it'],
    ['sécret-key-1234', 'in it'],
  ])('refuses %j and says why without showing it', (key, why) => {
    const error = usageError(() => checkKey(key));
    expect(error.message).toContain(why);
    expect(`${error.message} ${error.next}`).not.toMatch(/secret|sécret|kkkk|qwe/);
  });
});

describe('checkTlsEnvironment', () => {
  test('accepts an environment that leaves TLS alone', () => {
    for (const env of [
      {},
      { NODE_TLS_REJECT_UNAUTHORIZED: '1' },
      { NODE_TLS_REJECT_UNAUTHORIZED: undefined },
      { NODE_EXTRA_CA_CERTS: '/etc/ssl/company.pem' },
      { NODE_OPTIONS: '--max-old-space-size=4096 --enable-source-maps --tls-min-v1.3 --tls-min-v1.2' },
    ]) {
      expect(() => checkTlsEnvironment(env)).not.toThrow();
    }
  });

  test.each([
    { NODE_TLS_REJECT_UNAUTHORIZED: '0' },
    { NODE_TLS_REJECT_UNAUTHORIZED: 'false' },
    { NODE_TLS_REJECT_UNAUTHORIZED: '' },
    { NODE_OPTIONS: '--tls-min-v1.0' },
    { NODE_OPTIONS: '--enable-source-maps --tls_min_v1.1' },
    { NODE_OPTIONS: '"--tls-min-v1.0"' },
    { NODE_OPTIONS: '--tls-keylog=/tmp/keys' },
    { NODE_OPTIONS: '--tls-keylog /tmp/keys' },
  ])('refuses %j', (env) => {
    expect(usageError(() => checkTlsEnvironment(env)).exitCode).toBe(2);
  });
});
