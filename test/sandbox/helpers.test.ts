import { request } from 'node:http';
import { once } from 'node:events';
import { Pool } from 'undici';
import { describe, expect, test } from 'vitest';
import { startSandbox } from '../../src/sandbox/start-sandbox.ts';
import { interceptWithSandbox } from '../helpers/sandbox-msw.ts';
import { startSandboxProcess } from '../helpers/sandbox-process.ts';

const ID = '8a4f94e736';

describe('the sandbox as a process', () => {
  test('it takes more IDs than fit into an argument, and tells exactly what happened to them', async () => {
    const videos = Array.from({ length: 20_000 }, (_, index) => (0x10_00_00_00_00 + index).toString(16));
    await using sandbox = await startSandboxProcess({ videos: 0, ids: { videos } });
    const pool = new Pool(sandbox.url, { connections: 8 });
    const some = videos.slice(-200);
    await Promise.all(
      some.map(async (id) => {
        const path = `/v2/videos/${id}?hard=true`;
        const { body } = await pool.request({
          method: 'DELETE',
          path,
          headers: { 'x-api-key': sandbox.apiKey },
        });
        await body.dump();
      }),
    );
    await pool.close();
    const state = await sandbox.state();
    expect(state.videos).toEqual({ live: 19_800, softDeleted: 0, hardDeleted: 200 });
    expect(new Set(state.deleted.map(({ id }) => id))).toEqual(new Set(some));
    const requests = await sandbox.requests();
    expect(requests.map(({ n }) => n)).toEqual(some.map((_, index) => index + 1));
    expect(requests.every(({ hard, applied, status }) => hard && applied && status === 200)).toBe(true);
  });

  test('its switches change while it runs, wrong ones are refused, and reset forgets', async () => {
    await using sandbox = await startSandboxProcess({ ids: { videos: [ID] } });
    const remove = () =>
      fetch(`${sandbox.url}/v2/videos/${ID}`, { method: 'DELETE', headers: { 'x-api-key': sandbox.apiKey } });
    await sandbox.set({ revokeKeyAfter: 0 });
    expect((await remove()).status).toBe(401);
    await sandbox.set({ revokeKeyAfter: null });
    expect((await remove()).status).toBe(200);
    await expect(sandbox.set({ hang: 2 })).rejects.toThrow('hang');
    await sandbox.reset();
    expect((await sandbox.state()).requests.total).toBe(0);
  });

  test('it is gone after stop, which may be called twice', async () => {
    const sandbox = await startSandboxProcess();
    await sandbox.stop();
    await sandbox.stop();
    expect(() => process.kill(sandbox.pid, 0)).toThrow('ESRCH');
  });

  test('options that it does not understand fail the start with its own words', async () => {
    await expect(startSandboxProcess({ seed: -1 })).rejects.toThrow('does not understand its options');
  });
});

describe('the sandbox behind https://tavusapi.com', () => {
  test('undici, fetch and node:http all reach it, and nothing else', async () => {
    using intercepted = interceptWithSandbox({
      ids: { videos: [ID] },
      script: { [ID]: ['503', '429:1', 'ok'] },
    });
    const { sandbox } = intercepted;
    const headers = { 'x-api-key': sandbox.apiKey };
    const pool = new Pool('https://tavusapi.com', { connections: 2 });
    const first = await pool.request({ method: 'DELETE', path: `/v2/videos/${ID}?hard=true`, headers });
    expect([first.statusCode, await first.body.json()]).toEqual([503, { error: 'Service unavailable' }]);
    const second = await pool.request({ method: 'DELETE', path: `/v2/videos/${ID}?hard=true`, headers });
    expect([second.statusCode, second.headers['retry-after']]).toEqual([429, '1']);
    await second.body.dump();
    const third = await fetch(`https://tavusapi.com/v2/videos/${ID}?hard=true`, {
      method: 'DELETE',
      headers,
    });
    expect([third.status, await third.text()]).toEqual([200, '']);
    expect(sandbox.state().deleted).toMatchObject([{ id: ID, mode: 'hard', request: 3 }]);
    expect(sandbox.requests().map(({ path }) => path)).toEqual(Array(3).fill(`/v2/videos/${ID}?hard=true`));
    const plain = request('http://elsewhere.test/').end();
    const [error] = await once(plain, 'error');
    expect(String(error)).toContain('Cannot bypass a request');
    await pool.destroy();
  });

  test.each(['reset-before', 'reset-after'])('%s is a network error', async (word) => {
    using intercepted = interceptWithSandbox({ ids: { videos: [ID] }, script: { [ID]: [word] } });
    const pool = new Pool('https://tavusapi.com');
    const headers = { 'x-api-key': intercepted.sandbox.apiKey };
    await expect(pool.request({ method: 'DELETE', path: `/v2/videos/${ID}`, headers })).rejects.toThrow(
      'Network error',
    );
    expect(intercepted.sandbox.state().deleted).toHaveLength(word === 'reset-after' ? 1 : 0);
    await pool.destroy();
  });

  test('an answer cut short is an error while its body is read', async () => {
    using intercepted = interceptWithSandbox({ ids: { videos: [ID] }, script: { [ID]: ['truncated'] } });
    const pool = new Pool('https://tavusapi.com');
    const headers = { 'x-api-key': intercepted.sandbox.apiKey };
    const answer = pool.request({ method: 'DELETE', path: `/v2/videos/${ID}`, headers });
    await expect(answer.then(({ body }) => body.text())).rejects.toThrow(/closed|cut short/);
    expect(intercepted.sandbox.state().deleted).toHaveLength(1);
    await pool.destroy();
  });

  test('after close the network is as before', async () => {
    interceptWithSandbox().close();
    const refused = { cause: { code: 'ECONNREFUSED' } };
    await expect(fetch(`http://127.0.0.1:${await freePort()}/`)).rejects.toMatchObject(refused);
  });
});

/** A port on which nothing listens. */
async function freePort(): Promise<number> {
  const sandbox = await startSandbox();
  await sandbox.close();
  return sandbox.port;
}
