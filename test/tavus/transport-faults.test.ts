import { once } from 'node:events';
import { createServer } from 'node:net';
import type { Socket } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterEach, describe, expect, test } from 'vitest';

import { API_KEY, NOW, REPLICA, VIDEO, deleteClient, sendOnce, mayLeave } from './clients.ts';
import { httpAnswer, startRawServer } from './raw-server.ts';
import type { RawRequest, RawServer, RawServerOptions } from './raw-server.ts';

const servers: RawServer[] = [];
afterEach(async () => {
  await Promise.all(servers.splice(0).map((server) => server.close()));
});

async function start(
  onRequest: (request: RawRequest) => void,
  options: RawServerOptions = {},
): Promise<RawServer> {
  const server = await startRawServer(onRequest, options);
  servers.push(server);
  return server;
}

/** A port on which nobody listens. */
async function freePort(): Promise<number> {
  const server = await startRawServer(() => {});
  await server.close();
  return server.port;
}

const NOT_SENT = {
  applied: 'no',
  next: 'retry',
  outcome: 'failed',
  effect: { type: 'breaker' },
  status: null,
};
const SENT = {
  applied: 'maybe',
  next: 'retry',
  outcome: 'unknown',
  effect: { type: 'breaker' },
  status: null,
};

describe('a request that provably never left', () => {
  test('because nobody listens', async () => {
    const verdict = await sendOnce(`http://127.0.0.1:${await freePort()}`);
    expect(verdict).toMatchObject(NOT_SENT);
    expect(verdict.detail).toContain('ECONNREFUSED');
  });

  test('because the host name does not exist', async () => {
    // A label of 64 characters is refused by the resolver library itself, without asking a name server.
    const verdict = await sendOnce(`https://${'a'.repeat(64)}.invalid`);
    expect(verdict).toMatchObject(NOT_SENT);
    expect(verdict.detail).toContain('ENOTFOUND');
  });

  test('because the connection was not ready before the deadline', async () => {
    // Accepts the connection, then never shakes hands.
    const silent = await start(() => {});
    const verdict = await sendOnce(silent.origin.replace('http:', 'https:'), { timeoutMs: 100 });
    expect(verdict).toMatchObject(NOT_SENT);
    expect(verdict.detail).toBe('not sent: no connection within 100 ms (TIMED_OUT)');
  });

  test('because the connection was reset during the TLS handshake', async () => {
    const resetting = await start(() => {}, {
      onConnect: (socket) => socket.once('data', () => socket.resetAndDestroy()),
    });
    const verdict = await sendOnce(resetting.origin.replace('http:', 'https:'));
    expect(verdict).toMatchObject(NOT_SENT);
  });

  test('because the server speaks no TLS', async () => {
    const plain = await start(() => {}, { onConnect: (socket) => socket.write('HTTP/1.1 400 Bad\r\n\r\n') });
    expect(await sendOnce(plain.origin.replace('http:', 'https:'))).toMatchObject(NOT_SENT);
    expect(plain.requests).toEqual([]);
  });

  test('because the client was closed', async () => {
    const server = await start(({ socket }) => socket.write(httpAnswer(200)));
    const client = deleteClient(server.origin);
    await client.close();
    expect((await client.send(VIDEO, { timeoutMs: 1_000 }, mayLeave)).verdict).toMatchObject(NOT_SENT);
    expect(server.requests).toEqual([]);
  });
});

test('an attempt that is over before its connection is ready is never sent afterwards', async () => {
  // The one connection is taken by an answer that does not come; the second request waits behind it.
  let release: (() => void) | undefined;
  const server = await start(({ socket, number }) => {
    if (number === 1) release = () => socket.write(httpAnswer(200));
    else socket.write(httpAnswer(200));
  });
  const client = deleteClient(server.origin);
  const first = client.send(VIDEO, { timeoutMs: 5_000 }, mayLeave);
  const second = await client.send(REPLICA, { timeoutMs: 50 }, mayLeave);
  expect(second.verdict).toMatchObject(NOT_SENT);
  release?.();
  expect((await first).verdict.outcome).toBe('deleted');
  await sleep(50);
  const third = await client.send({ ...VIDEO, id: '1e30440cf9' }, { timeoutMs: 5_000 }, mayLeave);
  expect(third.verdict.outcome).toBe('deleted');
  await client.close();
  expect(server.requests.map((text) => text.split(' ', 2).join(' '))).toEqual([
    'DELETE /v2/videos/8a4f94e736',
    'DELETE /v2/videos/1e30440cf9',
  ]);
});

test('a request that may not leave any more when its connection is ready is never sent', async () => {
  let isConnected = false;
  const server = await start(({ socket }) => socket.write(httpAnswer(200)), {
    onConnect: () => (isConnected = true),
  });
  const client = deleteClient(server.origin);
  const held = await client.send(VIDEO, { timeoutMs: 5_000 }, () => false);
  expect(held.verdict).toMatchObject({ ...NOT_SENT, effect: { type: 'none' } });
  expect(isConnected).toBe(true);
  expect((await client.send(REPLICA, { timeoutMs: 5_000 }, mayLeave)).verdict.outcome).toBe('deleted');
  await client.close();
  expect(server.requests.map((text) => text.split(' ', 2).join(' '))).toEqual([
    `DELETE /v2/replicas/${REPLICA.id}?hard=true`,
  ]);
});

describe('a request that left, after which it may have been applied', () => {
  const longHeader = `HTTP/1.1 200 OK\r\nx-long: ${'a'.repeat(20_000)}\r\n\r\n`;
  const faults: readonly [what: string, act: (socket: Socket) => void][] = [
    ['a reset', (socket) => socket.resetAndDestroy()],
    ['a close', (socket) => socket.end()],
    ['half a status line', (socket) => socket.end('HTTP/1.1 20')],
    ['half a header', (socket) => socket.end('HTTP/1.1 200 OK\r\ncontent-le')],
    ['garbage', (socket) => socket.end('\0\x01\x02 not http\r\n\r\n')],
    ['headers that are too long', (socket) => socket.write(longHeader)],
    [
      'an upgrade that nobody asked for',
      (socket) => socket.write('HTTP/1.1 101 Switching\r\nupgrade: x\r\nconnection: upgrade\r\n\r\n'),
    ],
    ['silence', () => {}],
    [
      'interim answers and nothing else',
      (socket) => socket.write('HTTP/1.1 103 Early Hints\r\n\r\n'.repeat(50)),
    ],
    ['headers that drip', (socket) => drip(socket, 'HTTP/1.1 200 OK\r\nx-a: b\r\nx-c: d\r\n')],
  ];
  test.each(faults)('followed by %s', async (_what, act) => {
    const server = await start(({ socket }) => act(socket));
    const verdict = await sendOnce(server.origin, { timeoutMs: 150 });
    expect(verdict).toMatchObject(SENT);
    expect(verdict.detail).toMatch(/^sent, no answer: /);
    expect(server.requests).toHaveLength(1);
  });

  const head = 'HTTP/1.1 200 OK\r\ncontent-length: 30\r\n\r\n{"mess';
  const damaged: readonly [what: string, act: (socket: Socket) => void][] = [
    ['a body that is cut off', (socket) => socket.end(head)],
    [
      'a body that is reset',
      (socket) => socket.write(head, () => setTimeout(() => socket.resetAndDestroy(), 20)),
    ],
    [
      'a chunked body that is cut off',
      (socket) => socket.end('HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n5\r\n{"a'),
    ],
    [
      'a chunk size that is none',
      (socket) => socket.write('HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\nzz\r\n'),
    ],
    ['a body that never comes', (socket) => socket.write('HTTP/1.1 200 OK\r\ncontent-length: 30\r\n\r\n')],
    ['a body that drips', (socket) => socket.write(head, () => drip(socket, 'x'.repeat(20)))],
    ['a body over 64 KiB', (socket) => socket.write(httpAnswer(200, `{"a":"${'x'.repeat(70_000)}"}`))],
    ['an endless body', (socket) => flood(socket)],
    [
      'a body over 64 KiB that ends with the connection',
      (socket) => socket.end(`HTTP/1.1 200 OK\r\nconnection: close\r\n\r\n${'x'.repeat(200_000)}`),
    ],
  ];
  test.each(damaged)('answered with 200 and %s', async (_what, act) => {
    const server = await start(({ socket }) => act(socket));
    const verdict = await sendOnce(server.origin, { timeoutMs: 250 });
    expect(verdict).toMatchObject({ ...SENT, status: 200 });
    expect(verdict.detail).toMatch(/^HTTP 200 with an answer (?:that broke off|over 64 KiB)/);
    expect(server.requests).toHaveLength(1);
  });
});

/** One byte now and then, so that no timeout between bytes would ever end it. */
function drip(socket: Socket, text: string): void {
  let sent = 0;
  const timer = setInterval(() => {
    if (socket.destroyed || sent === text.length) clearInterval(timer);
    else socket.write(text.charAt(sent++));
  }, 10);
}

function flood(socket: Socket): void {
  socket.write('HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n');
  const chunk = `1000\r\n${' '.repeat(4096)}\r\n`;
  const write = (): void => {
    while (!socket.destroyed && socket.write(chunk));
  };
  socket.on('drain', write);
  write();
}

describe('an answer that is whole', () => {
  test.each([
    ['204 without a body', 'HTTP/1.1 204 No Content\r\n\r\n'],
    ['200 with an empty body', httpAnswer(200)],
    ['200 with a chunked body', 'HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n2\r\n{}\r\n0\r\n\r\n'],
    [
      '200 after interim answers',
      `HTTP/1.1 102 Processing\r\n\r\nHTTP/1.1 103 Early Hints\r\nlink: </x>\r\n\r\n${httpAnswer(200)}`,
    ],
    ['200 of exactly 64 KiB', httpAnswer(200, `"${'x'.repeat(65_534)}"`)],
  ])('is believed: %s', async (_what, bytes) => {
    const server = await start(({ socket }) => socket.write(bytes));
    expect(await sendOnce(server.origin)).toMatchObject({ applied: 'yes', outcome: 'deleted' });
  });

  test('may end with the connection', async () => {
    const server = await start(({ socket }) => socket.end('HTTP/1.1 200 OK\r\nconnection: close\r\n\r\n{}'));
    expect(await sendOnce(server.origin)).toMatchObject({ applied: 'yes', outcome: 'deleted' });
  });

  test('comes with its headers: Retry-After and Date are read', async () => {
    const headers = ['retry-after: Sun, 06 Nov 1994 08:49:47 GMT', 'date: Sun, 06 Nov 1994 08:49:37 GMT'];
    const server = await start(({ socket }) =>
      socket.write(httpAnswer(429, '{"error":"slow down"}', headers)),
    );
    expect(await sendOnce(server.origin)).toMatchObject({
      status: 429,
      detail: 'slow down',
      retryAfterMs: 10_000,
    });
  });

  test('is stamped with the clock that was passed in', async () => {
    const server = await start(({ socket }) => socket.write(httpAnswer(200)));
    const client = deleteClient(server.origin);
    expect(await client.send(VIDEO, { timeoutMs: 5_000 }, mayLeave)).toMatchObject({ endedAt: NOW });
    await client.close();
  });

  test('that arrived while the process was busy counts, although the deadline is over', async () => {
    const server = await start(({ socket }) => {
      socket.write(httpAnswer(200));
      // Blocks this very process, client included, far beyond the deadline.
      Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 300);
    });
    expect(await sendOnce(server.origin, { timeoutMs: 100 })).toMatchObject({ outcome: 'deleted' });
  });
});

test.each([301, 302, 303, 307, 308])(
  'a %i is not followed, and the key goes nowhere else',
  async (status) => {
    const evil = await start(({ socket }) => socket.write(httpAnswer(200)));
    const server = await start(({ socket }) =>
      socket.write(httpAnswer(status, '', [`location: ${evil.origin}/v2/replicas/rf4e9d9790f0?hard=true`])),
    );
    expect(await sendOnce(server.origin)).toMatchObject({
      applied: 'maybe',
      effect: { type: 'stop', reason: 'redirect' },
      detail: `HTTP ${status}, a redirect to 127.0.0.1:${evil.port}, not followed`,
    });
    expect(server.requests).toHaveLength(1);
    expect(evil.connections()).toBe(0);
  },
);

describe('exactly one DELETE on the wire per send, on kept-alive connections', () => {
  const faults: readonly [what: string, act: (socket: Socket) => void][] = [
    ['a reset after it was read', (socket) => socket.resetAndDestroy()],
    ['a close after it was read', (socket) => socket.end()],
    ['half an answer', (socket) => socket.end('HTTP/1.1 200 OK\r\nconte')],
    ['a cut body', (socket) => socket.end('HTTP/1.1 200 OK\r\ncontent-length: 9\r\n\r\n{')],
    ['garbage', (socket) => socket.end('garbage\r\n\r\n')],
    ['a 408 and a close', (socket) => socket.end(httpAnswer(408, '', ['connection: close']))],
    ['a 503 and a close', (socket) => socket.end(httpAnswer(503, '', ['connection: close']))],
    ['silence until the deadline', () => {}],
  ];
  test.each(faults)('when the second request on a connection meets %s', async (_what, act) => {
    const server = await start(({ socket, number }) => {
      if (number === 2) act(socket);
      else socket.write(httpAnswer(200));
    });
    const client = deleteClient(server.origin);
    const outcomes: string[] = [];
    for (const id of ['aaaaaaaaa1', 'aaaaaaaaa2', 'aaaaaaaaa3']) {
      // oxlint-disable-next-line no-await-in-loop -- the requests share one connection, one after the other
      const { verdict } = await client.send({ ...VIDEO, id }, { timeoutMs: 150 }, mayLeave);
      outcomes.push(verdict.outcome);
    }
    await sleep(20);
    await client.close();
    expect(outcomes).toEqual(['deleted', 'unknown', 'deleted']);
    expect(server.requests.map((text) => /aaaaaaaaa\d/.exec(text)?.[0])).toEqual([
      'aaaaaaaaa1',
      'aaaaaaaaa2',
      'aaaaaaaaa3',
    ]);
  });

  test('when the server closes or resets an idle connection just as the next one is sent', async () => {
    const sent: string[] = [];
    const believed: string[] = [];
    const server = await start(({ socket, number }) => {
      socket.write(httpAnswer(200));
      // After the answer, at slightly different moments: before, while and after the client sends its next one.
      const leave = (): unknown => (number % 2 === 0 ? socket.end() : socket.resetAndDestroy());
      [leave, () => setImmediate(leave), () => setTimeout(leave, 1), () => process.nextTick(leave)][
        number % 4
      ]?.();
    });
    const client = deleteClient(server.origin);
    for (let n = 0; n < 60; n += 1) {
      const id = `bbbbbbb${String(n).padStart(3, '0')}`;
      sent.push(id);
      // oxlint-disable-next-line no-await-in-loop -- the race needs one request after the other
      const { verdict } = await client.send({ ...VIDEO, id }, { timeoutMs: 1_000 }, mayLeave);
      if (verdict.outcome === 'deleted') believed.push(id);
    }
    await client.close();
    const arrived = server.requests.map((text) => /bbbbbbb\d{3}/.exec(text)?.[0]);
    expect(new Set(arrived).size).toBe(arrived.length);
    expect(sent).toEqual(expect.arrayContaining(arrived));
    expect(arrived).toEqual(expect.arrayContaining(believed));
    expect(believed.length).toBeGreaterThan(0);
  });

  test('when the server answers twice: the spare answer is never taken for that of the next request', async () => {
    const server = await start(({ socket, number }) => {
      socket.write(number === 1 ? httpAnswer(200) + httpAnswer(404, '{"error":"stray"}') : httpAnswer(200));
    });
    const client = deleteClient(server.origin);
    expect((await client.send(VIDEO, { timeoutMs: 1_000 }, mayLeave)).verdict.outcome).toBe('deleted');
    expect((await client.send(REPLICA, { timeoutMs: 1_000 }, mayLeave)).verdict.outcome).toBe('deleted');
    await client.close();
    expect(server.requests).toHaveLength(2);
  });
});

describe('more than one request', () => {
  test('one that gets no answer holds up no other, also where there are more requests than connections', async () => {
    const server = await start(({ text, socket }) => {
      if (!text.includes('hangs')) socket.write(httpAnswer(200));
    });
    const client = deleteClient(server.origin, { concurrency: 2 });
    const ids = ['hangs00001', ...Array.from({ length: 8 }, (_, index) => `answers00${index}`)];
    const ends = await Promise.all(
      ids.map((id) => client.send({ ...VIDEO, id }, { timeoutMs: 1_000 }, mayLeave)),
    );
    await client.close();
    expect(ends.map(({ verdict }) => verdict.outcome)).toEqual([
      'unknown',
      ...ids.slice(1).map(() => 'deleted'),
    ]);
    expect(server.connections()).toBe(2);
  });

  test('one that gave up waiting for a connection leaves its place to a new one', async () => {
    // TLS to a server that never shakes hands.
    const silent = await start(() => {});
    const client = deleteClient(silent.origin.replace('http:', 'https:'));
    for (const expected of [1, 2, 3]) {
      // oxlint-disable-next-line no-await-in-loop -- one after the other
      const { verdict } = await client.send(VIDEO, { timeoutMs: 100 }, mayLeave);
      expect(verdict).toMatchObject({ applied: 'no', outcome: 'failed' });
      expect(silent.connections()).toBe(expected);
    }
    await client.close();
  });

  test('what waits for a connection when it is aborted is never sent', async () => {
    const server = await start(() => {});
    const abort = new AbortController();
    const client = deleteClient(server.origin);
    const sends = [VIDEO, REPLICA].map((deletion) =>
      client.send(deletion, { timeoutMs: 5_000, signal: abort.signal }, mayLeave),
    );
    while (server.requests.length === 0) {
      // oxlint-disable-next-line no-await-in-loop -- waits for the server
      await sleep(5);
    }
    abort.abort();
    const [inFlight, waiting] = await Promise.all(sends);
    expect(inFlight?.verdict.applied).toBe('maybe');
    expect(waiting?.verdict.applied).toBe('no');
    await client.close();
    expect(server.requests).toHaveLength(1);
  });
});

describe('aborting (the second Ctrl-C)', () => {
  test('ends requests in flight as maybe applied, closes their connections, and sends nothing more', async () => {
    const server = await start(() => {});
    const abort = new AbortController();
    const client = deleteClient(server.origin, { concurrency: 2 });
    const sends = ['aaaaaaaaa1', 'aaaaaaaaa2'].map((id) =>
      client.send({ ...VIDEO, id }, { timeoutMs: 30_000, signal: abort.signal }, mayLeave),
    );
    while (server.requests.length < 2) {
      // oxlint-disable-next-line no-await-in-loop -- waits for the server
      await sleep(5);
    }
    abort.abort();
    for (const { verdict } of await Promise.all(sends)) {
      expect(verdict).toMatchObject({ applied: 'maybe', outcome: 'unknown', effect: { type: 'none' } });
      expect(verdict.detail).toContain('aborted by a signal');
    }
    const later = await client.send(REPLICA, { timeoutMs: 1_000, signal: abort.signal }, mayLeave);
    expect(later.verdict).toMatchObject({ applied: 'no', effect: { type: 'none' } });
    await client.close();
    expect(server.requests).toHaveLength(2);
  });

  test('before the connection is ready means that nothing was sent', async () => {
    const silent = await start(() => {});
    const abort = new AbortController();
    const client = deleteClient(silent.origin.replace('http:', 'https:'));
    const send = client.send(VIDEO, { timeoutMs: 30_000, signal: abort.signal }, mayLeave);
    await sleep(20);
    abort.abort();
    expect((await send).verdict).toMatchObject({ applied: 'no', outcome: 'failed' });
    await client.close();
  });

  test('leaves requests alone that have another signal or none', async () => {
    const server = await start(({ socket }) => setTimeout(() => socket.write(httpAnswer(200)), 50));
    const abort = new AbortController();
    const client = deleteClient(server.origin, { concurrency: 2 });
    const kept = client.send(VIDEO, { timeoutMs: 5_000 }, mayLeave);
    const aborted = client.send(REPLICA, { timeoutMs: 5_000, signal: abort.signal }, mayLeave);
    await sleep(10);
    abort.abort();
    expect((await aborted).verdict.outcome).not.toBe('deleted');
    expect((await kept).verdict.outcome).toBe('deleted');
    await client.close();
  });
});

test('closing the client under a request in flight ends it as maybe applied', async () => {
  const server = await start(() => {});
  const client = deleteClient(server.origin);
  const send = client.send(VIDEO, { timeoutMs: 30_000 }, mayLeave);
  while (server.requests.length === 0) {
    // oxlint-disable-next-line no-await-in-loop -- waits for the server
    await sleep(5);
  }
  await client.close();
  expect((await send).verdict).toMatchObject(SENT);
});

test('a deadline beyond the range of a timer does not fire at once', async () => {
  const server = await start(({ socket }) => setTimeout(() => socket.write(httpAnswer(200)), 30));
  expect(await sendOnce(server.origin, { timeoutMs: 30 * 86_400_000 })).toMatchObject({ outcome: 'deleted' });
});

test('the key is in no verdict, whatever the server sends back or the network does', async () => {
  const base64 = Buffer.from(API_KEY).toString('base64');
  const echoes = [
    httpAnswer(400, JSON.stringify({ error: `bad key ${API_KEY} ${base64}` })),
    httpAnswer(500, `<pre>x-api-key: ${API_KEY}</pre>`),
    httpAnswer(302, '', [`location: https://${API_KEY}.evil.example/`]),
    httpAnswer(422, API_KEY),
    `HTTP/1.1 200 OK\r\ncontent-length: 999\r\n\r\n{"error":"${API_KEY}`,
    `${API_KEY}\r\n\r\n`,
  ];
  for (const echo of echoes) {
    // oxlint-disable-next-line no-await-in-loop -- a server each
    const server = await start(({ socket }) => socket.end(echo));
    // oxlint-disable-next-line no-await-in-loop -- a server each
    const verdict = JSON.stringify(await sendOnce(server.origin));
    expect(verdict).not.toContain(API_KEY);
    expect(verdict).not.toContain(base64);
  }
});

test('a port that refuses, then listens again, is reached by the next send', async () => {
  const port = await freePort();
  const origin = `http://127.0.0.1:${port}`;
  const client = deleteClient(origin);
  expect((await client.send(VIDEO, { timeoutMs: 1_000 }, mayLeave)).verdict).toMatchObject(NOT_SENT);
  const back = createServer((socket) => socket.on('data', () => socket.write(httpAnswer(200))));
  back.listen(port, '127.0.0.1');
  await once(back, 'listening');
  expect((await client.send(VIDEO, { timeoutMs: 1_000 }, mayLeave)).verdict.outcome).toBe('deleted');
  await client.close();
  back.close();
  await once(back, 'close');
});
