import { describe, expect, test } from 'vitest';
import { idProblem } from '../../src/ids.ts';
import { createSandbox } from '../../src/sandbox/create-sandbox.ts';
import { ask, list } from './ask.ts';

const ids = { videos: ['8a4f94e736'], replicas: ['rf4e9d9790f0'] };
const VIDEO = '/v2/videos/8a4f94e736';
const REPLICA = '/v2/replicas/rf4e9d9790f0';

function examples(seed: number): { videos: string[]; replicas: string[] } {
  return createSandbox({ seed, videos: 500, replicas: 500 }).examples(1000);
}

describe('deleting', () => {
  test.each([
    [VIDEO, 'Invalid video_id', 'video', 'videos'],
    [REPLICA, 'Invalid replica_id', 'replica', 'replicas'],
  ] as const)(
    'a hard delete of %s succeeds once; then the ID is invalid',
    async (path, error, kind, count) => {
      const sandbox = createSandbox({ ids, videos: 0, replicas: 0 });
      const first = await ask(sandbox, `DELETE ${path}?hard=true`);
      expect([first.status, first.text]).toEqual([200, '']);
      for (const request of [`DELETE ${path}?hard=true`, `DELETE ${path}`, `GET ${path}`]) {
        const later = await ask(sandbox, request);
        expect([later.status, JSON.parse(later.text)]).toEqual([400, { error }]);
      }
      const state = sandbox.state();
      expect(state[count]).toEqual({ live: 0, softDeleted: 0, hardDeleted: 1 });
      expect(state.deleted).toMatchObject([{ kind, mode: 'hard', request: 1 }]);
      expect(state.requests).toMatchObject({ total: 4, deletes: 3, byStatus: { 200: 1, 400: 3 } });
    },
  );

  test('hard=false and no query are soft; a soft-deleted video shows as deleted and can still be deleted hard', async () => {
    for (const query of ['', '?hard=false']) {
      const sandbox = createSandbox({ ids, videos: 0 });
      expect((await ask(sandbox, `DELETE ${VIDEO}${query}`)).status).toBe(200);
      expect(JSON.parse((await ask(sandbox, `GET ${VIDEO}`)).text)).toMatchObject({ status: 'deleted' });
      expect((await list(sandbox, '/v2/videos')).data).toMatchObject([{ status: 'deleted' }]);
      expect((await ask(sandbox, `DELETE ${VIDEO}?hard=true`)).status).toBe(200);
      expect(sandbox.state().deleted.map(({ mode }) => mode)).toEqual(['soft', 'hard']);
      expect(sandbox.state().videos).toEqual({ live: 0, softDeleted: 0, hardDeleted: 1 });
      expect((await list(sandbox, '/v2/videos')).total_count).toBe(0);
    }
  });

  test('a soft-deleted replica vanishes from lists and look-ups', async () => {
    const sandbox = createSandbox({ ids, replicas: 0, stockReplicas: 0 });
    await ask(sandbox, `DELETE ${REPLICA}`);
    expect((await list(sandbox, '/v2/replicas')).data).toEqual([]);
    expect((await ask(sandbox, `GET ${REPLICA}`)).status).toBe(400);
    expect((await ask(sandbox, `DELETE ${REPLICA}?hard=true`)).status).toBe(200);
  });

  test('a second soft delete is invalid, or fine with softTwice, and changes nothing either way', async () => {
    for (const [softTwice, status] of [
      ['invalid', 400],
      ['ok', 200],
    ] as const) {
      const sandbox = createSandbox({ ids, softTwice });
      await ask(sandbox, `DELETE ${VIDEO}`);
      expect((await ask(sandbox, `DELETE ${VIDEO}`)).status).toBe(status);
      expect(sandbox.state().deleted).toHaveLength(1);
      expect(sandbox.state().perId['8a4f94e736']).toMatchObject({ deletes: 2, applied: 1 });
    }
  });

  test('success can be 204', async () => {
    const sandbox = createSandbox({ ids, successStatus: 204 });
    expect((await ask(sandbox, `DELETE ${VIDEO}`)).status).toBe(204);
    expect(sandbox.state().videos.softDeleted).toBe(1);
  });

  test.each(['?hard=True', '?hard=1', '?hard=', '?hard=true&hard=false'])(
    'the query %s deletes nothing, is a 400 and counts as unexpected',
    async (query) => {
      const sandbox = createSandbox({ ids });
      expect((await ask(sandbox, `DELETE ${VIDEO}${query}`)).status).toBe(400);
      const state = sandbox.state();
      expect(state.deleted).toEqual([]);
      expect(state.unexpectedRoutes).toEqual({ [`DELETE ${VIDEO}${query}`]: 1 });
      expect(state.perId['8a4f94e736']?.queries).toEqual([query]);
    },
  );

  test('an unknown ID, an ID of the other kind and a stock replica are invalid', async () => {
    const sandbox = createSandbox({ ids, stockReplicas: 1, replicas: 0 });
    const stock = (await list(sandbox, '/v2/replicas?replica_type=system')).data[0]?.['replica_id'];
    for (const path of ['/v2/videos/aaaaaaaaaa', '/v2/videos/rf4e9d9790f0', `/v2/replicas/${stock}`]) {
      expect((await ask(sandbox, `DELETE ${path}?hard=true`)).status).toBe(400);
    }
    expect(sandbox.state().deleted).toEqual([]);
    expect(sandbox.state().unexpected).toBe(0);
  });

  test('with acceptAnyId a well-formed ID exists until it is deleted, in its own kind only', async () => {
    const sandbox = createSandbox({ acceptAnyId: true, videos: 0 });
    expect((await ask(sandbox, 'DELETE /v2/replicas/aaaaaaaaaa')).status).toBe(400);
    expect((await ask(sandbox, 'GET /v2/videos/aaaaaaaaaa')).status).toBe(200);
    expect((await ask(sandbox, 'DELETE /v2/videos/aaaaaaaaaa?hard=true')).status).toBe(200);
    expect((await ask(sandbox, 'DELETE /v2/videos/aaaaaaaaaa?hard=true')).status).toBe(400);
    expect((await ask(sandbox, 'DELETE /v2/videos/not-an-id')).status).toBe(400);
    expect(sandbox.state().videos).toEqual({ live: 0, softDeleted: 0, hardDeleted: 1 });
  });

  test('every DELETE is recorded as it stood on the wire, in order, without the key', async () => {
    const sandbox = createSandbox({ ids });
    await ask(sandbox, `DELETE ${VIDEO}?hard=true`);
    await ask(sandbox, `DELETE ${REPLICA}`, 'some-wrong-key');
    await ask(sandbox, 'DELETE /v2/personas/p5317866');
    expect(sandbox.requests()).toMatchObject([
      {
        n: 1,
        method: 'DELETE',
        path: `${VIDEO}?hard=true`,
        kind: 'video',
        id: '8a4f94e736',
        hard: true,
        key: 'ok',
        behaviour: 'ok',
        applied: true,
        status: 200,
      },
      {
        n: 2,
        path: REPLICA,
        kind: 'replica',
        hard: false,
        key: 'bad',
        behaviour: 'bad-key',
        applied: false,
        status: 401,
      },
      { n: 3, kind: null, id: null, key: 'ok', behaviour: 'unexpected', applied: false, status: 404 },
    ]);
    const told = JSON.stringify([sandbox.requests(), sandbox.state()]);
    expect(told).not.toContain(sandbox.apiKey);
    expect(told).not.toContain('some-wrong-key');
  });

  test('records are bounded, and what is left out is counted', async () => {
    const sandbox = createSandbox({ acceptAnyId: true, maxRecords: 2 });
    for (const id of ['aaaaaaaaa1', 'aaaaaaaaa2', 'aaaaaaaaa3'])
      await ask(sandbox, `DELETE /v2/videos/${id}`);
    expect(sandbox.requests()).toHaveLength(2);
    expect(sandbox.state().requests).toMatchObject({ deletes: 3, unrecorded: 1 });
    const silent = createSandbox({ recordRequests: false, ids });
    await ask(silent, `DELETE ${VIDEO}`);
    expect(silent.requests()).toEqual([]);
    expect(silent.state().requests).toMatchObject({ deletes: 1, unrecorded: 1 });
    expect(silent.state().deleted).toHaveLength(1);
  });
});

describe('the key', () => {
  test.each([null, '', 'sandbox-key-0002'])('%j is answered 401 and deletes nothing', async (key) => {
    const sandbox = createSandbox({ ids });
    for (const request of [`DELETE ${VIDEO}`, `GET ${VIDEO}`, 'GET /v2/replicas']) {
      const heard = await ask(sandbox, request, key);
      expect([heard.status, JSON.parse(heard.text)]).toEqual([401, { message: 'Invalid access token' }]);
    }
    expect(sandbox.state().deleted).toEqual([]);
  });
});

describe('lists', () => {
  test('videos count pages from 0 and show ten, with RFC 1123 dates', async () => {
    const sandbox = createSandbox({ videos: 25 });
    const pages = [];
    for (const page of [0, 1, 2, 3]) pages.push((await list(sandbox, `/v2/videos?page=${page}`)).data);
    expect(pages.map((page) => page.length)).toEqual([10, 10, 5, 0]);
    expect(new Set(pages.flat().map((row) => row['video_id'])).size).toBe(25);
    expect((await list(sandbox, '/v2/videos')).data).toEqual(pages[0]);
    expect(pages[0]?.[0]?.['created_at']).toMatch(/^\w{3}, \d\d \w{3} \d{4} \d\d:\d\d:\d\d GMT$/);
  });

  test('replicas count pages from 1; stock replicas stand in unfiltered lists; dates are ISO 8601', async () => {
    const sandbox = createSandbox({ replicas: 3, stockReplicas: 2 });
    const all = await list(sandbox, '/v2/replicas?verbose=true&page=1');
    expect(all.total_count).toBe(5);
    expect(all.data.map((row) => row['replica_type'])).toEqual(['user', 'user', 'user', 'system', 'system']);
    expect(all.data[0]?.['created_at']).toMatch(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/);
    const own = await list(sandbox, '/v2/replicas?replica_type=user');
    expect(own.data.map((row) => row['replica_id'])).toEqual(sandbox.examples(9).replicas);
    expect(own.data[0]).not.toHaveProperty('replica_type');
    expect((await list(sandbox, '/v2/replicas?replica_type=stock')).total_count).toBe(5);
    expect((await list(sandbox, '/v2/replicas?page=2&limit=4')).data).toHaveLength(1);
    expect((await ask(sandbox, 'GET /v2/replicas?page=0')).status).toBe(400);
  });

  test('stock replicas are looked up like others, stand alone where they are asked for, and are no objects to delete', async () => {
    const sandbox = createSandbox({ replicas: 2, stockReplicas: 2, acceptAnyId: true });
    const stock = (await list(sandbox, '/v2/replicas?replica_type=system')).data.map(
      (row) => row['replica_id'] ?? '',
    );
    expect(stock).toHaveLength(2);
    const [first = ''] = stock;
    const looked = JSON.parse((await ask(sandbox, `GET /v2/replicas/${first}?verbose=true`)).text);
    expect(looked).toMatchObject({ replica_id: first, replica_type: 'system' });
    expect((await ask(sandbox, `DELETE /v2/replicas/${first}?hard=true`)).status).toBe(400);
    expect((await list(sandbox, `/v2/replicas?replica_ids=${first},rffffffffff`)).total_count).toBe(1);
  });

  test.each(['limit=0', 'limit=1001', 'page=-1', 'limit=x'])('%s is a 400', async (query) => {
    expect((await ask(createSandbox(), `GET /v2/videos?${query}`)).status).toBe(400);
  });

  test('the same seed gives the same objects, another seed others, and all IDs have the shape of their kind', () => {
    expect(examples(7)).toEqual(examples(7));
    expect(examples(7)).not.toEqual(examples(8));
    const { videos, replicas } = examples(7);
    expect([videos.length, replicas.length]).toEqual([500, 500]);
    expect(videos.filter((id) => id.length !== 10 || idProblem('video', id, { anyShape: false }))).toEqual(
      [],
    );
    expect(
      replicas.filter((id) => id.length !== 12 || idProblem('replica', id, { anyShape: false })),
    ).toEqual([]);
  });
});

describe('what the API does not have', () => {
  test.each([
    'DELETE /v2/videos',
    'DELETE /v2/videos/',
    'DELETE /v2/conversations/c123456',
    'POST /v2/videos/8a4f94e736',
    'GET /',
    'GET /v2/videos/8a4f94e736/x',
  ])('%s is 404 JSON and counted as unexpected', async (request) => {
    const sandbox = createSandbox({ ids });
    const heard = await ask(sandbox, request);
    expect([heard.status, JSON.parse(heard.text)]).toEqual([404, { error: 'Not found' }]);
    expect(sandbox.state()).toMatchObject({ unexpected: 1, unexpectedRoutes: { [request]: 1 }, deleted: [] });
  });

  test('hard on a look-up is answered, and counted as unexpected', async () => {
    const sandbox = createSandbox({ ids });
    expect((await ask(sandbox, `GET ${VIDEO}?hard=true`)).status).toBe(200);
    expect(sandbox.state()).toMatchObject({ unexpected: 1, deleted: [] });
  });
});

describe('control', () => {
  test('the state is told without a key, is not counted as a request, and can be brief', async () => {
    const sandbox = createSandbox({ ids });
    await ask(sandbox, `DELETE ${VIDEO}`);
    expect(JSON.parse((await ask(sandbox, 'GET /__sandbox/state', null)).text)).toEqual(sandbox.state());
    const brief = JSON.parse((await ask(sandbox, 'GET /__sandbox/state?brief', null)).text);
    expect(brief).toMatchObject({ deletions: 1, ids: 1, requests: { total: 1 } });
    expect(brief).not.toHaveProperty('perId');
    const records = (await ask(sandbox, 'GET /__sandbox/requests', null)).text.split('\n');
    expect([records.length, JSON.parse(records[0] ?? '')]).toEqual([2, sandbox.requests()[0]]);
  });

  test('a state that was taken does not change afterwards', async () => {
    const sandbox = createSandbox({ ids });
    await ask(sandbox, `DELETE ${VIDEO}`);
    const before = sandbox.state();
    const copy = structuredClone(before);
    await ask(sandbox, `DELETE ${VIDEO}?hard=true`);
    expect(before).toEqual(copy);
  });

  test('reset brings back objects and options and forgets what was counted', async () => {
    const sandbox = createSandbox({ ids, script: { '8a4f94e736': ['409'] } });
    const fresh = sandbox.state();
    sandbox.set({ apiKeys: ['another-key-0001'] });
    await ask(sandbox, `DELETE ${VIDEO}?hard=true`, 'another-key-0001');
    await ask(sandbox, `DELETE ${VIDEO}?hard=true`, 'another-key-0001');
    expect(sandbox.state().videos.hardDeleted).toBe(1);
    expect((await ask(sandbox, 'POST /__sandbox/reset', null)).status).toBe(200);
    expect(sandbox.state()).toEqual(fresh);
    expect(sandbox.requests()).toEqual([]);
    expect((await ask(sandbox, `DELETE ${VIDEO}`)).status).toBe(409);
  });
});
