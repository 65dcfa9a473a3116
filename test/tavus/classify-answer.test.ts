import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';

import { scrubberFor } from '../../src/scrub.ts';
import { classifyAnswer } from '../../src/tavus/classify-answer.ts';
import { ABORTED, TIMED_OUT } from '../../src/tavus/observation.ts';
import type { HttpAnswer } from '../../src/tavus/observation.ts';
import type { Verdict } from '../../src/types.ts';

const API_KEY = 'canary-3f9a7c51e2d84b06';
const NOW = Date.UTC(2026, 10, 22, 12);
const CONTEXT = { scrub: scrubberFor(API_KEY), now: NOW };
const HTML = '<!doctype html><title>Log in</title>';
const OTHER_ERROR = '{"error":"something else"}';

function answer(status: number, body = '', more: Partial<HttpAnswer> = {}): HttpAnswer {
  return { kind: 'answer', status, body, headers: {}, truncated: false, oversized: false, ...more };
}

function classify(status: number, body = '', more: Partial<HttpAnswer> = {}): Verdict {
  return classifyAnswer(answer(status, body, more), CONTEXT);
}

/** `applied next outcome effect`, the effect of a stop with its reason. */
function meaning({ applied, next, outcome, effect }: Verdict): string {
  return [applied, next, outcome, effect.type === 'stop' ? `stop:${effect.reason}` : effect.type].join(' ');
}

describe('every row of the table in CONTRACT.md 6', () => {
  const rows: readonly [statuses: readonly number[], bodies: readonly string[], meaning: string][] = [
    [
      [200, 201, 203, 204, 205, 206, 299],
      ['', ' \r\n', '{}', '[]', '"ok"', 'null'],
      'yes final deleted none',
    ],
    [[200, 204], ['{"message":"Video deleted"}'], 'yes final deleted none'],
    [[202], ['', '{}', OTHER_ERROR], 'maybe final unknown warning'],
    [[200, 206], [OTHER_ERROR, '{"error":null}', '{"error":""}'], 'maybe final unknown warning'],
    [
      [200, 202, 204, 400, 403, 404, 408, 409, 410, 418, 422, 423, 425, 451],
      [HTML, 'OK', '{"error":'],
      'maybe final unknown not_the_api',
    ],
    [
      [300, 301, 302, 303, 304, 307, 308, 399],
      ['', HTML, '{}', OTHER_ERROR],
      'maybe final unknown stop:redirect',
    ],
    [
      [400],
      [
        '{"error":"Invalid video_id"}',
        '{"message":"Invalid replica_id"}',
        '{"error":"Bad Request. Invalid video_id."}',
      ],
      'no final not_found none',
    ],
    [
      [404, 410],
      [OTHER_ERROR, '{"message":"Video not found"}', '{"error":{"code":5}}'],
      'no final not_found none',
    ],
    [[400], ['', '{}', OTHER_ERROR, '{"message":"Invalid replica_uuid"}', '[1]'], 'no final rejected none'],
    [[412, 422, 451], ['', '{}', OTHER_ERROR], 'no final rejected none'],
    [[403], ['', '{}', OTHER_ERROR], 'no final rejected forbidden'],
    [[401], ['', '{}', '{"message":"Invalid access token"}'], 'no final not_attempted stop:unauthorized'],
    [[402], ['', '{}', OTHER_ERROR], 'no final not_attempted stop:payment_required'],
    [
      [405, 406, 411, 414, 415, 426, 431, 501, 505],
      ['', '{}', OTHER_ERROR],
      'no final rejected stop:wrong_endpoint',
    ],
    [[409, 423], ['', '{}', OTHER_ERROR], 'no retry failed none'],
    [[408, 425], ['', '{}', OTHER_ERROR], 'maybe retry unknown none'],
    [[429], ['', '{}', OTHER_ERROR], 'no retry_throttled failed throttle'],
    [
      [500, 502, 503, 504, 520, 522, 524, 529, 507, 599],
      ['', '{}', OTHER_ERROR, HTML, '{"error":"Invalid video_id"}'],
      'maybe retry unknown breaker',
    ],
  ];
  const cases = rows.flatMap(([statuses, bodies, expected]) =>
    statuses.flatMap((status) => bodies.map((body) => ({ status, body, expected }))),
  );
  test.each(cases)('$status with body $body is: $expected', ({ status, body, expected }) => {
    expect(meaning(classify(status, body))).toBe(expected);
  });
});

describe('where two rows fit, or none', () => {
  test.each([
    [401, 'stop:unauthorized'],
    [402, 'stop:payment_required'],
    [405, 'stop:wrong_endpoint'],
    [431, 'stop:wrong_endpoint'],
  ])('a %i that is not from the API still stops the run, but proves nothing', (status, effect) => {
    expect(meaning(classify(status, HTML))).toBe(`maybe final unknown ${effect}`);
  });

  test('a 429 page of a limiter in front of the API did nothing and pauses everybody', () => {
    expect(meaning(classify(429, HTML))).toBe('no retry_throttled failed throttle');
  });

  test.each([404, 410])(
    'an empty %i, or one without a JSON error, is unknown and not "not found"',
    (status) => {
      for (const body of ['', '  ', '{}', '[]', '"gone"', '{"detail":"Not Found"}', '{"error":null}']) {
        expect(meaning(classify(status, body))).toBe('maybe final unknown none');
      }
    },
  );

  test('another 4xx is a refusal with JSON and unknown without', () => {
    expect(meaning(classify(418, '{"error":"teapot"}'))).toBe('no final rejected none');
    expect(meaning(classify(418))).toBe('maybe final unknown none');
  });

  test.each([0, 100, 199, 600, 999])('%i is no status of an answer from the API', (status) => {
    expect(meaning(classify(status, '{}'))).toBe('maybe final unknown not_the_api');
  });
});

describe.each([
  ['broke off', { truncated: true }],
  ['is too long', { oversized: true }],
])('an answer that %s', (_how, damage) => {
  test.each([200, 202, 204, 400, 403, 404, 408, 409, 410, 418, 422, 425, 500, 503])(
    'may have been applied and is tried again (%i)',
    (status) => {
      expect(meaning(classify(status, '{"error":"Invalid video_id"}', damage))).toBe(
        'maybe retry unknown breaker',
      );
    },
  );

  test('still stops or pauses the run when its status says so', () => {
    expect(meaning(classify(302, '', damage))).toBe('maybe final unknown stop:redirect');
    expect(meaning(classify(401, '{"mess', damage))).toBe('maybe final unknown stop:unauthorized');
    expect(meaning(classify(405, '', damage))).toBe('maybe final unknown stop:wrong_endpoint');
    expect(meaning(classify(429, '', damage))).toBe('maybe retry_throttled unknown throttle');
  });
});

describe('a request without an answer', () => {
  test('that was not sent did nothing and is tried again', () => {
    const verdict = classifyAnswer(
      { kind: 'not_sent', code: 'ECONNREFUSED', message: 'connect ECONNREFUSED 127.0.0.1:9' },
      CONTEXT,
    );
    expect(meaning(verdict)).toBe('no retry failed breaker');
    expect(verdict).toMatchObject({ status: null, detail: 'not sent: connect ECONNREFUSED 127.0.0.1:9' });
  });

  test('that was sent may have been applied', () => {
    const verdict = classifyAnswer(
      { kind: 'sent', code: TIMED_OUT, message: 'no whole answer within 15000 ms' },
      CONTEXT,
    );
    expect(meaning(verdict)).toBe('maybe retry unknown breaker');
    expect(verdict.detail).toBe('sent, no answer: no whole answer within 15000 ms (TIMED_OUT)');
  });

  test('because of the certificate stops the run and was never attempted', () => {
    const verdict = classifyAnswer(
      { kind: 'tls', code: 'CERT_HAS_EXPIRED', message: 'certificate has expired' },
      CONTEXT,
    );
    expect(meaning(verdict)).toBe('no final not_attempted stop:tls');
    expect(verdict.detail).toBe(
      'not sent, the TLS certificate was refused: certificate has expired (CERT_HAS_EXPIRED)',
    );
  });

  test('because we aborted it does not count against the server', () => {
    const aborted = { code: ABORTED, message: 'aborted by a signal' };
    expect(meaning(classifyAnswer({ kind: 'sent', ...aborted }, CONTEXT))).toBe('maybe retry unknown none');
    expect(meaning(classifyAnswer({ kind: 'not_sent', ...aborted }, CONTEXT))).toBe('no retry failed none');
  });
});

describe('the detail', () => {
  test.each([
    [400, '{"error":"Invalid video_id","message":"other"}', 'Invalid video_id'],
    [401, '{"message":"Invalid access token"}', 'Invalid access token'],
    [422, '{"error":"","message":"not now"}', 'not now'],
    [422, '{"error":{"code":7}}', '{"code":7}'],
    [422, ' {"code": 7} ', '{"code":7}'],
    [503, '<h1>Bad</h1>', '<h1>Bad</h1>'],
    [503, '', 'HTTP 503 with an empty answer'],
    [200, '', 'confirmed'],
    [200, '{"message":"Video deleted"}', 'Video deleted'],
    [200, '{"error":"no"}', 'HTTP 200 that reports an error: no'],
    [202, '', 'HTTP 202, accepted but not confirmed'],
    [200, '<p>', 'HTTP 200 that is not from the API: <p>'],
    [202, '{"error":"no"}', 'HTTP 202, accepted but not confirmed: no'],
    [401, '<p>', 'HTTP 401 that is not from the API: <p>'],
    [429, '<p>', 'HTTP 429 that is not from the API: <p>'],
    [500, '<p>', '<p>'],
    [600, '{"error":"no"}', 'HTTP 600 that is not from the API: no'],
    [100, '', 'HTTP 100 that is not from the API'],
  ])('of %i with %s is the API in its own words, or what happened', (status, body, detail) => {
    expect(classify(status, body).detail).toBe(detail);
  });

  test.each([
    [{ truncated: true }, '{"error":"no', 'HTTP 400 with an answer that broke off: {"error":"no'],
    [{ truncated: true }, '', 'HTTP 400 with an answer that broke off'],
    [{ oversized: true }, '{"error":"no', 'HTTP 400 with an answer over 64 KiB: {"error":"no'],
    [{ oversized: true, truncated: true }, '', 'HTTP 400 with an answer over 64 KiB'],
  ])('of an answer with %o says so before its words', (damage, body, detail) => {
    expect(classify(400, body, damage).detail).toBe(detail);
  });

  test.each([
    ['https://evil.example/v2/videos/x?hard=true', 'evil.example'],
    ['//evil.example:8443/x', 'evil.example:8443'],
    ['/login?key=1', 'the same host'],
    ['http://[', 'an address that cannot be read'],
    [undefined, 'nowhere'],
  ])('of a redirect to %s shows the host alone', (location, shown) => {
    expect(classify(302, '', { headers: { location } }).detail).toBe(
      `HTTP 302, a redirect to ${shown}, not followed`,
    );
  });

  test('loses the key before it is cut, so that no half of it stays', () => {
    const body = JSON.stringify({ error: `${'x'.repeat(290)}${API_KEY}${'y'.repeat(100)}` });
    const { detail } = classify(400, body);
    expect(detail).toHaveLength(300);
    expect(detail).not.toContain(API_KEY.slice(0, 4));
  });

  test('finds the key behind JSON escapes and in base64', () => {
    const escaped = API_KEY.replaceAll(/./g, (c) => `\\u00${c.charCodeAt(0).toString(16)}`);
    const base64 = Buffer.from(`user:${API_KEY}`).toString('base64');
    const { detail } = classify(400, `{"error":"key ${escaped} and ${base64}"}`);
    expect(detail).not.toContain(API_KEY);
    expect(detail).not.toContain(base64);
    expect(detail.match(/\[API key\]/g)).toHaveLength(2);
  });

  test('shows control and bidi characters instead of obeying them', () => {
    expect(classify(400, '{"error":"a\\u001b[2J\\u202eb"}').detail).toBe('a<U+001B>[2J<U+202E>b');
  });

  test('survives JSON that is nested as deep as 64 KiB allow', () => {
    const deep = '['.repeat(32_000) + ']'.repeat(32_000);
    expect(classify(400, `{"error":${deep}}`).detail).toBe('JSON that is nested too deeply to show');
    expect(meaning(classify(200, deep))).toBe('yes final deleted none');
  });
});

describe('Retry-After', () => {
  const headers = { 'retry-after': '7' };

  test('is read for whatever will be tried again, and for nothing else', () => {
    for (const status of [408, 409, 423, 425, 429, 500, 503]) {
      expect(classify(status, '', { headers }).retryAfterMs).toBe(7_000);
    }
    for (const status of [200, 202, 302, 400, 401, 403, 404, 405]) {
      expect(classify(status, '', { headers }).retryAfterMs).toBeNull();
    }
  });

  test("is judged by the answer's own clock", () => {
    const verdict = classify(429, '', {
      headers: { 'retry-after': 'Sun, 06 Nov 1994 08:50:37 GMT', date: 'Sun, 06 Nov 1994 08:49:37 GMT' },
    });
    expect(verdict.retryAfterMs).toBe(60_000);
  });
});

const BODIES = [
  '',
  ' ',
  '{}',
  '[]',
  'null',
  '"x"',
  '{"error":"e"}',
  '{"message":"m"}',
  '{"error":"Invalid video_id"}',
  '{"message":"Invalid replica_id"}',
  HTML,
  'OK',
  '{',
  '\ufeff{}',
];

describe('for every status and every kind of body', () => {
  test('the fields of a verdict agree with each other', () => {
    const headers = { 'retry-after': '3', location: 'https://elsewhere.example/' };
    const problems: string[] = [];
    for (let status = 100; status <= 599; status += 1) {
      for (const body of BODIES) {
        for (const damage of [{}, { truncated: true }, { oversized: true }]) {
          problems.push(...contradictions(answer(status, body, { headers, ...damage })));
        }
      }
    }
    expect(problems).toEqual([]);
  });

  test('also for bodies and headers that nobody thought of', () => {
    const text = fc.string({ unit: 'binary', maxLength: 400 });
    const body = fc.oneof(
      text,
      fc.json(),
      fc.jsonValue().map((error) => JSON.stringify({ error })),
      text.map((message) => JSON.stringify({ message: `${message}${API_KEY}` })),
    );
    const header = fc.oneof(text, fc.array(fc.string()), fc.constant(undefined));
    fc.assert(
      fc.property(fc.nat(999), body, header, fc.boolean(), (status, sent, value, truncated) => {
        const headers = { 'retry-after': value, date: value, location: value };
        expect(contradictions(answer(status, sent, { headers, truncated }))).toEqual([]);
      }),
      { numRuns: 200 },
    );
  });
});

const OUTCOMES_OF: Readonly<Record<Verdict['applied'], readonly string[]>> = {
  yes: ['deleted'],
  no: ['not_found', 'rejected', 'failed', 'not_attempted'],
  maybe: ['unknown'],
};

/** What no verdict may say, whatever the answer was. */
function contradictions(observed: HttpAnswer): string[] {
  const verdict = classifyAnswer(observed, CONTEXT);
  const { status } = observed;
  const { applied, next, outcome, effect, detail, retryAfterMs } = verdict;
  const damaged = observed.truncated || observed.oversized;
  const success = status >= 200 && status < 300 && status !== 202;
  const serverError = status >= 500 && status < 600 && status !== 501 && status !== 505;
  const tableRetries = serverError || [408, 409, 423, 425].includes(status);
  const redirect = status >= 300 && status < 400;
  const broken: Readonly<Record<string, boolean>> = {
    'the status is another': verdict.status !== status,
    'applied and outcome disagree': !OUTCOMES_OF[applied].includes(outcome),
    'deleted without a whole success': applied === 'yes' && (!success || damaged),
    'a damaged answer proves something': damaged && applied !== 'maybe',
    'retried against the table': next === 'retry' && !tableRetries && !damaged,
    'throttled without a 429':
      (next === 'retry_throttled' || effect.type === 'throttle') !== (status === 429),
    'failed, but not tried again': outcome === 'failed' && next === 'final',
    'stops, but is tried again': effect.type === 'stop' && next !== 'final',
    'a redirect that does not stop': redirect && !(effect.type === 'stop' && effect.reason === 'redirect'),
    'not attempted without a stop': outcome === 'not_attempted' && effect.type !== 'stop',
    'no detail, or a long one': detail.length < 1 || detail.length > 300,
    'a control character in the detail': /[\p{Cc}\p{Zl}\p{Zp}\p{Cs}]/u.test(detail),
    'the key in the detail': detail.includes(API_KEY),
    'a wait before nothing': next === 'final' && retryAfterMs !== null,
    'a wait that is no time':
      retryAfterMs !== null && !(Number.isSafeInteger(retryAfterMs) && retryAfterMs >= 0),
  };
  return Object.keys(broken)
    .filter((rule) => broken[rule])
    .map((rule) => `${rule}: ${JSON.stringify({ observed, verdict })}`);
}
