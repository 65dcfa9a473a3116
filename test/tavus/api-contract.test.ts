import { HttpRequestInterceptor } from '@mswjs/interceptors/http';
import { http, HttpResponse } from 'msw';
import { defineNetwork, InterceptorSource } from 'msw/experimental';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';

import type { DeleteApi, ReadApi } from '../../src/ports.ts';
import type { PlannedDeletion } from '../../src/types.ts';
import { API_KEY, REPLICA, VIDEO, deleteClient, readClient, mayLeave } from './clients.ts';

const TAVUS = 'https://tavusapi.com';
const UNKNOWN: PlannedDeletion = { row: 3, kind: 'video', id: '0000000000', mode: 'soft' };

const seen: string[] = [];

/** The two pages in the seeds: 200 without a body, 400 `error`, 401 `message`. */
function documentedApi(knownId: string, unknownText: string) {
  return ({ request, params }: { request: Request; params: Record<string, unknown> }): Response => {
    seen.push(`${request.method} ${request.url}`);
    if (request.headers.get('x-api-key') !== API_KEY) {
      return HttpResponse.json({ message: 'Invalid access token' }, { status: 401 });
    }
    if (params['id'] !== knownId) return HttpResponse.json({ error: unknownText }, { status: 400 });
    if (request.method === 'DELETE') return new HttpResponse(null, { status: 200 });
    return HttpResponse.json({ video_id: knownId, video_name: 'Intro', status: 'ready' });
  };
}

const videos = documentedApi(VIDEO.id, 'Invalid video_id');
const replicas = documentedApi(REPLICA.id, 'Invalid replica_id');

// msw's setupServer does not see undici's own sockets; this does, and anything not handled here is an error.
const network = defineNetwork({
  sources: [new InterceptorSource({ interceptors: [new HttpRequestInterceptor()] })],
  handlers: [http.all(`${TAVUS}/v2/videos/:id`, videos), http.all(`${TAVUS}/v2/replicas/:id`, replicas)],
  onUnhandledFrame: 'error',
  context: { quiet: true },
});

let deleting: DeleteApi;
let reading: ReadApi;
beforeAll(() => {
  network.enable();
  deleting = deleteClient(TAVUS, { concurrency: 2 });
  reading = readClient(TAVUS);
});
beforeEach(() => {
  seen.length = 0;
});
afterAll(async () => {
  await Promise.all([deleting.close(), reading.close()]);
  network.disable();
});

describe('against the API as its pages describe it', () => {
  test('a soft delete of a video has no query and is confirmed by 200', async () => {
    const { verdict } = await deleting.send(VIDEO, { timeoutMs: 5_000 }, mayLeave);
    expect(verdict).toMatchObject({ outcome: 'deleted', applied: 'yes', status: 200 });
    expect(seen).toEqual([`DELETE ${TAVUS}/v2/videos/${VIDEO.id}`]);
  });

  test('a hard delete of a replica says hard=true', async () => {
    const { verdict } = await deleting.send(REPLICA, { timeoutMs: 5_000 }, mayLeave);
    expect(verdict).toMatchObject({ outcome: 'deleted', applied: 'yes', status: 200 });
    expect(seen).toEqual([`DELETE ${TAVUS}/v2/replicas/${REPLICA.id}?hard=true`]);
  });

  test('an ID that the API does not know is not found, in its words', async () => {
    const { verdict } = await deleting.send(UNKNOWN, { timeoutMs: 5_000 }, mayLeave);
    expect(verdict).toMatchObject({ outcome: 'not_found', applied: 'no', detail: 'Invalid video_id' });
  });

  test('a key that the API refuses stops the run', async () => {
    const other = deleteClient(TAVUS, { apiKey: 'another-key-1234' });
    const { verdict } = await other.send(VIDEO, { timeoutMs: 5_000 }, mayLeave);
    await other.close();
    expect(verdict).toMatchObject({
      outcome: 'not_attempted',
      effect: { type: 'stop', reason: 'unauthorized' },
      detail: 'Invalid access token',
    });
  });

  test('looking up tells present from gone', async () => {
    expect(await reading.resolve('video', VIDEO.id, { timeoutMs: 5_000 })).toMatchObject({
      state: 'present',
      name: 'Intro',
    });
    expect(await reading.resolve('video', UNKNOWN.id, { timeoutMs: 5_000 })).toEqual({
      state: 'gone',
      detail: 'Invalid video_id',
    });
  });
});
