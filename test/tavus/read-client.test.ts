import { afterEach, describe, expect, test } from 'vitest';

import type { Resolution } from '../../src/ports.ts';
import type { Kind } from '../../src/types.ts';
import { API_KEY, readClient } from './clients.ts';
import { httpAnswer, startRawServer } from './raw-server.ts';
import type { RawServer } from './raw-server.ts';

let server: RawServer;
afterEach(() => server.close());

async function resolveAgainst(bytes: string, kind: Kind = 'video', id = '8a4f94e736'): Promise<Resolution> {
  server = await startRawServer(({ socket }) => socket.end(bytes));
  const client = readClient(server.origin);
  const resolution = await client.resolve(kind, id, { timeoutMs: 2_000 });
  await client.close();
  return resolution;
}

function json(record: unknown): string {
  return httpAnswer(200, JSON.stringify(record));
}

describe('an ID that is present', () => {
  test('as a video, with the date form of videos', async () => {
    const record = {
      video_id: '8a4f94e736',
      video_name: 'Launch',
      status: 'ready',
      created_at: 'Wed, 05 Feb 2025 04:27:02 GMT',
    };
    expect(await resolveAgainst(json(record))).toEqual({
      state: 'present',
      name: 'Launch',
      status: 'ready',
      createdAt: Date.UTC(2025, 1, 5, 4, 27, 2),
    });
  });

  test.each(['replica', 'face'])('as a replica whose fields are called %s_…', async (word) => {
    const record = {
      [`${word}_id`]: 'rf4e9d9790f0',
      [`${word}_name`]: 'Anna',
      [`${word}_type`]: 'user',
      status: 'completed',
      created_at: '2024-01-24T07:14:03.327Z',
    };
    expect(await resolveAgainst(json(record), 'replica', 'rf4e9d9790f0')).toEqual({
      state: 'present',
      name: 'Anna',
      status: 'completed',
      createdAt: Date.UTC(2024, 0, 24, 7, 14, 3, 327),
    });
  });

  test.each(['replica', 'face'])(
    "shows in its status that it is one of Tavus's own (%s_type)",
    async (word) => {
      const record = { [`${word}_id`]: 'rf4e9d9790f0', [`${word}_type`]: 'system', status: 'completed' };
      expect(await resolveAgainst(json(record), 'replica', 'rf4e9d9790f0')).toMatchObject({
        status: 'completed (system)',
      });
    },
  );

  test.each(['2024-08-28 15:27:40.824457', '2024-08-28T15:27:40', 'yesterday', 1_724_858_860, null])(
    'has no creation time when the API says %j: no zone is guessed',
    async (created_at) => {
      expect(await resolveAgainst(json({ video_id: '8a4f94e736', status: 'ready', created_at }))).toEqual({
        state: 'present',
        name: '',
        status: 'ready',
        createdAt: null,
      });
    },
  );

  test('is shown without control characters and without the key', async () => {
    const record = { video_id: '8a4f94e736', video_name: `\u001b[2J${API_KEY}`, status: '\u202eready' };
    expect(await resolveAgainst(json(record))).toMatchObject({
      name: '<U+001B>[2J[API key]',
      status: '<U+202E>ready',
    });
  });
});

describe('an ID that is gone', () => {
  test.each([
    [400, '{"error":"Invalid video_id"}'],
    [404, '{"message":"Video not found"}'],
    [410, '{"error":"Gone"}'],
  ])('is known by %i with %s', async (status, body) => {
    expect(await resolveAgainst(httpAnswer(status, body))).toMatchObject({ state: 'gone' });
  });
});

describe('an ID about which nothing is known', () => {
  test.each([
    ['another ID', json({ video_id: 'ffffffffff', status: 'ready' })],
    ['no ID', json({ status: 'ready' })],
    ['a replica', json({ replica_id: '8a4f94e736', status: 'ready' })],
    ['a list', json([{ video_id: '8a4f94e736' }])],
    ['an error with 200', json({ video_id: '8a4f94e736', error: 'no' })],
    ['nothing', httpAnswer(200)],
    ['no content', 'HTTP/1.1 204 No Content\r\n\r\n'],
    ['a login page', httpAnswer(200, '<html>')],
    ['a login page with 404', httpAnswer(404, '<html>')],
    ['an empty 404', httpAnswer(404)],
    ['a refused key', httpAnswer(401, '{"message":"Invalid access token"}')],
    ['a limit', httpAnswer(429, '{"error":"slow down"}')],
    ['a failure', httpAnswer(500, '{"error":"Invalid video_id"}')],
    ['a redirect', httpAnswer(302, '', ['location: /login'])],
    ['half an answer', 'HTTP/1.1 200 OK\r\ncontent-length: 99\r\n\r\n{"video_id":"8a4f94e736"}'],
    ['nothing at all', ''],
  ])('because the answer was %s', async (_what, bytes) => {
    const resolution = await resolveAgainst(bytes);
    expect(resolution.state).toBe('unknown');
    expect(resolution).toHaveProperty('detail', expect.stringMatching(/./));
  });
});
