import { writeFileSync } from 'node:fs';
import path from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import { probeTarget } from '../../src/cli/probe-target.ts';
import { hasOpenssl, makeCertificates } from '../faults/certificates.ts';
import { temporaryFolder } from '../helpers/temporary-folder.ts';
import { httpAnswer, startRawServer, type RawRequest, type RawServer } from '../tavus/raw-server.ts';
import { runProgram } from './process.ts';

const KEY = 'sandbox-key-0001';
const NOW = Date.parse('2026-11-22T12:00:00Z');

async function serve(
  onRequest: (request: RawRequest) => void,
  options: Parameters<typeof startRawServer>[1] = {},
): Promise<RawServer> {
  const server = await startRawServer(onRequest, options);
  onTestFinished(() => server.close());
  return server;
}

/** One probe of a server that answers with this text. */
async function probeOf(answer: string) {
  const server = await serve(({ socket }) => socket.write(answer));
  const probe = await probeTarget(server.origin, {
    key: KEY,
    signal: new AbortController().signal,
    now: () => NOW,
  });
  return { probe, server };
}

test('sends one GET with the key in a header, and tells status and clock', async () => {
  const { probe, server } = await probeOf(
    httpAnswer(200, '{"data":[]}', ['date: Sun, 22 Nov 2026 12:00:30 GMT']),
  );
  expect(probe).toEqual({ answered: true, status: 200, isAccepted: true, skewMs: 30_500 });
  expect(server.requests).toHaveLength(1);
  expect(server.requests[0]).toMatch(/^GET \/v2\/replicas\?limit=1 HTTP\/1\.1\r\n/);
  expect(server.requests[0]).toMatch(/\r\nx-api-key: sandbox-key-0001\r\n/i);
});

test('without a key it sends none', async () => {
  const server = await serve(({ socket }) => socket.write(httpAnswer(401)));
  const { signal } = new AbortController();
  const probe = await probeTarget(server.origin, { key: undefined, signal, now: () => NOW });
  expect(probe).toEqual({ answered: true, status: 401, isAccepted: false, skewMs: null });
  expect(server.requests.join('')).not.toMatch(/x-api-key/i);
});

test('a redirect is an answer and is never followed', async () => {
  const other = await serve(({ socket }) => socket.write(httpAnswer(200)));
  const { probe } = await probeOf(httpAnswer(302, '', [`location: ${other.origin}/v2/replicas`]));
  expect(probe).toMatchObject({ answered: true, status: 302, isAccepted: false });
  expect(other.connections()).toBe(0);
});

test('a body that never ends keeps nobody waiting', async () => {
  const { probe, server } = await probeOf('HTTP/1.1 200 OK\r\ncontent-length: 1000000\r\n\r\n{"data":');
  expect(probe).toMatchObject({ answered: true, status: 200 });
  await expect.poll(() => server.open()).toEqual([]);
});

test.each([
  ['bytes that are no HTTP', 'SSH-2.0-OpenSSH_9.2\r\n\r\n'],
  ['a switch to another protocol', 'HTTP/1.1 101 Hm\r\nconnection: upgrade\r\nupgrade: x\r\n\r\n'],
  ['headers without end', `HTTP/1.1 200 OK\r\nx: ${'y'.repeat(100_000)}`],
])('%s are no answer', async (_what, answer) => {
  const { probe } = await probeOf(answer);
  expect(probe).toEqual({ answered: false, why: expect.stringMatching(/./) as unknown });
});

test('a connection that is refused or closed says so', async () => {
  const server = await startRawServer(({ socket }) => socket.destroy());
  const { signal } = new AbortController();
  const probe = () => probeTarget(server.origin, { key: KEY, signal, now: () => NOW });
  const closed = await probe();
  await server.close();
  expect(closed).toMatchObject({ answered: false, why: expect.stringMatching(/hang up|closed|RESET/) });
  expect(await probe()).toMatchObject({ answered: false, why: expect.stringContaining('ECONNREFUSED') });
  // A name with two addresses fails twice.
  const named = await probeTarget(`http://localhost:${server.port}`, { key: KEY, signal, now: () => NOW });
  expect(named).toMatchObject({ answered: false, why: expect.stringContaining('ECONNREFUSED') });
});

test('a signal ends the wait for a target that is silent', async () => {
  const stop = new AbortController();
  const server = await serve(() => {
    stop.abort();
  });
  const probe = await probeTarget(server.origin, { key: KEY, signal: stop.signal, now: () => NOW });
  expect(probe).toMatchObject({ answered: false });
});

test.skipIf(!hasOpenssl() && process.env['CI'] === undefined)(
  'a certificate is verified, whatever the environment says (needs openssl)',
  async () => {
    const { authority, good, selfSigned, wrongHost } = makeCertificates();
    const folder = await temporaryFolder();
    const ca = path.join(folder, 'ca.pem');
    writeFileSync(ca, authority);
    const doctor = async (tls: typeof good, env: Readonly<Record<string, string>>) => {
      const server = await serve(({ socket }) => socket.write(httpAnswer(200)), { tls });
      const args = ['doctor', '--base-url', server.origin, '--state-dir', folder];
      const { stdout } = await runProgram(args, { TAVUS_API_KEY: KEY, ...env });
      return { stdout, requests: server.requests.length };
    };
    const [trusted, strange, unverified] = await Promise.all([
      doctor(good, { NODE_EXTRA_CA_CERTS: ca }),
      doctor(wrongHost, { NODE_EXTRA_CA_CERTS: ca }),
      doctor(selfSigned, { NODE_TLS_REJECT_UNAUTHORIZED: '0' }),
    ]);
    expect(trusted.stdout).toMatch(/^ok +target .*answers 200/m);
    expect(strange.stdout).toMatch(/^PROBLEM target .*does not answer/m);
    expect(unverified.stdout).toMatch(/^PROBLEM target .*does not answer: .*self-signed/m);
    expect([trusted.requests, strange.requests, unverified.requests]).toEqual([1, 0, 0]);
  },
);
