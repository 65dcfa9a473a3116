import { afterEach, describe, expect, test } from 'vitest';

import type { Kind, Mode } from '../../src/types.ts';
import { API_KEY, deleteClient, readClient, sendOnce, mayLeave } from './clients.ts';
import { httpAnswer, startRawServer } from './raw-server.ts';
import type { RawServer } from './raw-server.ts';

let server: RawServer;
afterEach(() => server.close());

async function startOkServer(): Promise<RawServer> {
  server = await startRawServer(({ socket }) => socket.write(httpAnswer(200)));
  return server;
}

function expectedRequest(method: string, path: string): string {
  return [
    `${method} ${path} HTTP/1.1`,
    `host: 127.0.0.1:${server.port}`,
    'connection: keep-alive',
    `x-api-key: ${API_KEY}`,
    'user-agent: tavus-purge/0.0.0 (run test)',
    'accept: application/json',
    'accept-encoding: identity',
    '\r\n',
  ].join('\r\n');
}

describe('on the wire, byte for byte', () => {
  const cases: readonly [Kind, Mode, string, string][] = [
    ['video', 'soft', '8a4f94e736', '/v2/videos/8a4f94e736'],
    ['video', 'hard', '8a4f94e736', '/v2/videos/8a4f94e736?hard=true'],
    ['replica', 'soft', 'rf4e9d9790f0', '/v2/replicas/rf4e9d9790f0'],
    ['replica', 'hard', 'rf4e9d9790f0', '/v2/replicas/rf4e9d9790f0?hard=true'],
  ];
  test.each(cases)('deleting a %s, %s, is one DELETE of %s', async (kind, mode, id, path) => {
    const { origin, requests } = await startOkServer();
    const verdict = await sendOnce(origin, { deletion: { row: 1, kind, id, mode } });
    expect(verdict).toMatchObject({ applied: 'yes', outcome: 'deleted', status: 200 });
    expect(requests).toEqual([expectedRequest('DELETE', path)]);
  });

  test('looking an ID up is one GET without "hard"', async () => {
    const { origin, requests } = await startOkServer();
    const client = readClient(origin);
    await client.resolve('video', '8a4f94e736', { timeoutMs: 5_000 });
    await client.resolve('replica', 'rf4e9d9790f0', { timeoutMs: 5_000 });
    await client.close();
    expect(requests).toEqual([
      expectedRequest('GET', '/v2/videos/8a4f94e736'),
      expectedRequest('GET', '/v2/replicas/rf4e9d9790f0?verbose=true'),
    ]);
  });

  test('an ID that no plan may hold is never sent', async () => {
    const { origin, requests } = await startOkServer();
    const client = deleteClient(origin);
    const send = client.send(
      { row: 1, kind: 'video', id: '..', mode: 'hard' },
      { timeoutMs: 5_000 },
      mayLeave,
    );
    await expect(send).rejects.toThrow(/may not become part of a URL/);
    await client.close();
    expect(requests).toEqual([]);
  });

  test('a hundred deletions on one kept-alive connection are a hundred requests in their order', async () => {
    const { origin, requests } = await startOkServer();
    const client = deleteClient(origin);
    const ids = Array.from({ length: 100 }, (_, n) => `8a4f94e${String(n).padStart(3, '0')}`);
    for (const id of ids) {
      // oxlint-disable-next-line no-await-in-loop -- one after the other is what is tested
      await client.send({ row: 1, kind: 'video', id, mode: 'soft' }, { timeoutMs: 5_000 }, mayLeave);
    }
    await client.close();
    expect(requests).toEqual(ids.map((id) => expectedRequest('DELETE', `/v2/videos/${id}`)));
    expect(server.connections()).toBe(1);
  });

  test('requests of several workers never share a connection at the same time', async () => {
    let inFlight = 0;
    let most = 0;
    server = await startRawServer(({ socket }) => {
      inFlight += 1;
      most = Math.max(most, inFlight);
      setTimeout(() => {
        inFlight -= 1;
        socket.write(httpAnswer(200));
      }, 5);
    });
    const client = deleteClient(server.origin, { concurrency: 3 });
    const ids = Array.from({ length: 12 }, (_, n) => `8a4f94e${String(n).padStart(3, '0')}`);
    const ends = await Promise.all(
      ids.map((id) =>
        client.send({ row: 1, kind: 'video', id, mode: 'soft' }, { timeoutMs: 5_000 }, mayLeave),
      ),
    );
    await client.close();
    expect(ends.map(({ verdict }) => verdict.outcome)).toEqual(ids.map(() => 'deleted'));
    expect(server.requests).toHaveLength(12);
    expect(server.connections()).toBe(3);
    expect(most).toBe(3);
  });
});
