import { once } from 'node:events';
import { connect } from 'node:net';
import { networkInterfaces } from 'node:os';
import { afterEach, describe, expect, test } from 'vitest';
import { Client } from 'undici';
import { PurgeError } from '../../src/errors.ts';
import { describeSandbox } from '../../src/sandbox/describe-sandbox.ts';
import type { SandboxOptions } from '../../src/sandbox/options.ts';
import { startSandbox } from '../../src/sandbox/start-sandbox.ts';
import type { RunningSandbox } from '../../src/sandbox/start-sandbox.ts';

const ID = '8a4f94e736';
const VIDEO = `/v2/videos/${ID}`;

const closers: (() => Promise<unknown>)[] = [];
afterEach(async () => {
  for (const close of closers.splice(0).toReversed()) await close();
});

async function start(options: SandboxOptions = {}): Promise<{ sandbox: RunningSandbox; client: Client }> {
  const sandbox = await startSandbox({ ids: { videos: [ID] }, ...options });
  const client = new Client(sandbox.url);
  closers.push(
    () => sandbox.close(),
    () => client.destroy(),
  );
  return { sandbox, client };
}

/** The status and body of a DELETE, or the code of the error that it ended with. */
async function remove(client: Client, key: string, path = VIDEO): Promise<{ status?: number; end: string }> {
  let status: number | undefined;
  try {
    const answer = await client.request({ method: 'DELETE', path, headers: { 'x-api-key': key } });
    status = answer.statusCode;
    return { status, end: await answer.body.text() };
  } catch (error) {
    const code = error instanceof Error && 'code' in error ? String(error.code) : String(error);
    return status === undefined ? { end: code } : { status, end: code };
  }
}

describe('on a real port', () => {
  test('it deletes, and says so itself', async () => {
    const { sandbox, client } = await start();
    expect(await remove(client, sandbox.apiKey, `${VIDEO}?hard=true`)).toEqual({ status: 200, end: '' });
    expect(sandbox.state().deleted).toMatchObject([{ kind: 'video', id: ID, mode: 'hard' }]);
    const told = await client.request({ method: 'GET', path: '/__sandbox/state' });
    expect(await told.body.json()).toEqual(sandbox.state());
    expect(sandbox.requests()).toMatchObject([{ path: `${VIDEO}?hard=true` }]);
  });

  test.each([
    ['reset-before', 'ECONNRESET', false],
    ['reset-after', 'ECONNRESET', true],
    ['truncated', 'UND_ERR_SOCKET', true],
  ])('%s breaks the real connection, and the next attempt finds it healed', async (word, code, deleted) => {
    const { sandbox, client } = await start({ script: { [ID]: [word] }, softTwice: 'ok' });
    const first = await remove(client, sandbox.apiKey);
    expect(first.end).toBe(code);
    expect(first.status).toBe(word === 'truncated' ? 200 : undefined);
    expect(sandbox.state().deleted).toHaveLength(deleted ? 1 : 0);
    expect(await remove(client, sandbox.apiKey)).toEqual({ status: 200, end: '' });
  });

  test.each([
    ['hang', false],
    ['hang-applied', true],
    ['stall', true],
    ['slow:600000', true],
  ])('%s keeps the client waiting until the sandbox closes', async (word, deleted) => {
    const { sandbox, client } = await start({ script: { [ID]: [word] } });
    const waiting = remove(client, sandbox.apiKey);
    const early = await Promise.race([waiting, arrival(sandbox).then(() => 'still waiting')]);
    expect(early).toBe('still waiting');
    expect(sandbox.state().deleted).toHaveLength(deleted ? 1 : 0);
    await sandbox.close();
    expect((await waiting).end).toMatch(/^(ECONNRESET|UND_ERR_SOCKET)$/);
  });

  test('a hanging request ends when its client goes away', async () => {
    const { sandbox, client } = await start({ script: { [ID]: ['hang'] } });
    const waiting = remove(client, sandbox.apiKey);
    await arrival(sandbox);
    await client.destroy();
    await waiting;
    const other = new Client(sandbox.url);
    closers.push(() => other.destroy());
    expect(await remove(other, sandbox.apiKey)).toMatchObject({ status: 200 });
  });

  test('an outage resets every connection until the switch is changed over HTTP', async () => {
    const { sandbox, client } = await start({ outageAfter: 0 });
    expect((await remove(client, sandbox.apiKey)).end).toBe('ECONNRESET');
    const changed = await client.request({
      method: 'POST',
      path: '/__sandbox/options',
      body: JSON.stringify({ outageAfter: null }),
    });
    expect([changed.statusCode, await changed.body.json()]).toEqual([200, {}]);
    expect(await remove(client, sandbox.apiKey)).toMatchObject({ status: 200 });
  });

  test('a wrong change over HTTP is a 400 that says what is wrong', async () => {
    const { client } = await start();
    for (const [body, problem] of [
      ['{"hang": 7}', 'hang'],
      ['{"videos": 7}', 'videos'],
      ['{', 'JSON'],
    ]) {
      const answer = await client.request({ method: 'POST', path: '/__sandbox/options', body: body ?? '' });
      expect(answer.statusCode).toBe(400);
      expect(await answer.body.text()).toContain(problem);
    }
  });

  test('it sees how many requests are in flight', async () => {
    const { sandbox } = await start({ acceptAnyId: true, latencyMs: [50, 50] });
    const clients = ['aaaaaaaaa1', 'aaaaaaaaa2', 'aaaaaaaaa3'].map((id) => ({
      id,
      client: new Client(sandbox.url),
    }));
    closers.push(() => Promise.all(clients.map(({ client }) => client.destroy())));
    await Promise.all(clients.map(({ id, client }) => remove(client, sandbox.apiKey, `/v2/videos/${id}`)));
    expect(sandbox.state().requests.maxInFlight).toBe(3);
  });

  test('it listens on loopback only', async () => {
    const { sandbox } = await start();
    expect(sandbox.url).toBe(`http://127.0.0.1:${sandbox.port}`);
    const outside = Object.values(networkInterfaces())
      .flatMap((addresses) => addresses ?? [])
      .filter(({ family, internal }) => family === 'IPv4' && !internal);
    const tried = ['127.0.0.2', ...outside.map(({ address }) => address)];
    for (const host of tried) {
      const socket = connect(sandbox.port, host);
      const [error] = await once(socket, 'error');
      expect(error).toMatchObject({ code: 'ECONNREFUSED' });
    }
  });

  test('closing frees the port, and a port in use is refused with advice', async () => {
    const { sandbox } = await start();
    const again = startSandbox({ port: sandbox.port });
    await expect(again).rejects.toThrow(PurgeError);
    await expect(again).rejects.toMatchObject({ kind: 'usage', next: expect.stringContaining('port') });
    await sandbox.close();
    const next = await startSandbox({ port: sandbox.port });
    expect(next.port).toBe(sandbox.port);
    await next.close();
    await expect(startSandbox({ port: 70_000 })).rejects.toThrow('70000 is no port');
  });
});

test('the description names the address, the key, IDs that exist and the commands', async () => {
  const { sandbox } = await start();
  const text = describeSandbox(sandbox).join('\n');
  const { videos, replicas } = sandbox.examples(1);
  for (const part of [
    sandbox.url,
    `TAVUS_API_KEY=${sandbox.apiKey} npx tavus-purge plan`,
    `--base-url ${sandbox.url}`,
    videos[0] ?? 'no video',
    replicas[0] ?? 'no replica',
    '/__sandbox/state',
  ]) {
    expect(text).toContain(part);
  }
});

test('the description of an empty account names no IDs', async () => {
  const { sandbox } = await start({ ids: {}, videos: 0, replicas: 0 });
  const text = describeSandbox(sandbox).join('\n');
  expect(text).toContain('0 videos, 0 replicas');
  expect(text).not.toContain('such as');
});

/** Resolves when the sandbox has seen a DELETE. */
async function arrival(sandbox: RunningSandbox): Promise<void> {
  while (sandbox.state().requests.deletes === 0) {
    await new Promise((resolve) => {
      setTimeout(resolve, 5);
    });
  }
}
