import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { PurgeError } from '../../src/errors.ts';
import { notifyUrl, shownUrl } from '../../src/job/notify-url.ts';
import { pingUrl } from '../../src/job/ping.ts';

const SECRET = 'b41d0c9e77f2';

function refusalOf(text: string): PurgeError {
  try {
    notifyUrl(text, 'notify.ping');
  } catch (error) {
    if (error instanceof PurgeError && error.next !== undefined) return error;
    throw error;
  }
  throw new Error('nothing was thrown');
}

describe('notifyUrl', () => {
  test.each([
    'https://hc-ping.com/b41d0c9e77f2',
    'http://127.0.0.1:8000/ping',
    'http://localhost/ping?a=b',
    'http://[::1]:8000/',
  ])('takes %s', (text) => {
    expect(notifyUrl(text, 'notify.ping').href).toBe(text);
  });

  test.each([
    '',
    SECRET,
    `hc-ping.com/${SECRET}`,
    `ftp://example.com/${SECRET}`,
    `file:///${SECRET}`,
    `https:/example.com/${SECRET}`,
    `https://example.com\\${SECRET}`,
    `https://example.com/ ${SECRET}`,
    `https://example.com/\n${SECRET}`,
    `https://[${SECRET}`,
    `https://user:${SECRET}@example.com/`,
    `https://${SECRET}@example.com/`,
    `https://example.com/#${SECRET}`,
    `http://example.com/${SECRET}`,
    `http://127.0.0.1.example.com/${SECRET}`,
    `http://10.0.0.1/${SECRET}`,
  ])('refuses %j without showing what may be secret', (text) => {
    const { kind, message, next } = refusalOf(text);
    expect(kind).toBe('usage');
    expect(`${message} ${String(next)}`).not.toContain(SECRET);
  });

  test('whatever follows the host is never shown', () => {
    fc.assert(
      fc.property(fc.stringMatching(/^[\w/?=&.-]{0,40}$/), (rest) => {
        const url = notifyUrl(`https://example.com/${SECRET}${rest}`, 'notify.webhook.url');
        expect(shownUrl(url)).toBe('https://example.com');
      }),
    );
  });
});

describe('pingUrl', () => {
  test.each([
    ['https://hc-ping.com/uuid', 'start', 'https://hc-ping.com/uuid/start'],
    ['https://hc-ping.com/uuid', 'success', 'https://hc-ping.com/uuid'],
    ['https://hc-ping.com/uuid', 'fail', 'https://hc-ping.com/uuid/fail'],
    ['https://hc-ping.com/uuid/', 'fail', 'https://hc-ping.com/uuid/fail'],
    ['https://hc-ping.com/uuid/', 'success', 'https://hc-ping.com/uuid/'],
    ['https://hc-ping.com/key/slug?create=1', 'start', 'https://hc-ping.com/key/slug/start?create=1'],
    ['https://example.com', 'start', 'https://example.com/start'],
  ] as const)('%s at %s is %s', (url, event, expected) => {
    expect(pingUrl(url, event).href).toBe(expected);
  });
});
