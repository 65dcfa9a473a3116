import { createServer } from 'node:net';
import type { AddressInfo } from 'node:net';
import { describe, expect, onTestFinished, test } from 'vitest';
import { sendPing } from '../../src/job/ping.ts';
import { startReceiver } from './http-receiver.ts';
import { quickDelivery } from './quick-delivery.ts';

const FAIL = { event: 'fail', text: 'exit 6: nightly stopped: no key' } as const;

describe('sendPing', () => {
  test('posts one line of text to the path of the event', async () => {
    const { origin, requests } = await startReceiver();
    expect(await sendPing(`${origin}/ping/uuid?a=b`, FAIL, quickDelivery())).toBe(null);
    expect(requests).toHaveLength(1);
    const [request] = requests;
    expect(request).toMatchObject({ method: 'POST', path: '/ping/uuid/fail?a=b', body: FAIL.text });
    expect(request?.headers).toMatchObject({ 'content-type': 'text/plain; charset=utf-8' });
    expect(request?.headers['user-agent']).toMatch(/^tavus-purge\/\d/);
  });

  test('an answer that may pass is tried again', async () => {
    const { origin, requests } = await startReceiver((n) => ({ status: n < 3 ? 503 : 200 }));
    expect(await sendPing(`${origin}/uuid`, FAIL, quickDelivery())).toBe(null);
    expect(requests).toHaveLength(3);
  });

  test.each([
    [429, 3, 'answered 429 (3 tries)'],
    [500, 3, 'answered 500 (3 tries)'],
    [404, 1, 'answered 404'],
    [401, 1, 'answered 401'],
  ])('the answer %i is a failure after %i tries', async (status, tries, words) => {
    const { origin, requests } = await startReceiver(() => ({ status }));
    expect(await sendPing(`${origin}/uuid`, FAIL, quickDelivery())).toBe(`${origin} ${words}.`);
    expect(requests).toHaveLength(tries);
  });

  test('a redirect is a failure and is not followed', async () => {
    const elsewhere = await startReceiver();
    const location = `${elsewhere.origin}/uuid`;
    const { origin } = await startReceiver(() => ({ status: 307, headers: { location } }));
    expect(await sendPing(`${origin}/uuid`, FAIL, quickDelivery())).toBe(
      `${origin} answered 307, and redirects are not followed.`,
    );
    expect(elsewhere.requests).toEqual([]);
  });

  test.each([
    ['OK (not found)', 1, 'did not take the ping (not found)'],
    ['OK (rate limited)', 3, 'did not take the ping (rate limited) (3 tries)'],
  ])('a 200 that says %s is a failure', async (body, tries, words) => {
    const { origin, requests } = await startReceiver(() => ({ status: 200, body }));
    expect(await sendPing(`${origin}/uuid`, FAIL, quickDelivery())).toBe(`${origin} ${words}.`);
    expect(requests).toHaveLength(tries);
  });

  test('an endless answer is a success, and is not read to its end', async () => {
    const { origin } = await startReceiver(() => ({ status: 200, body: 'x'.repeat(5_000_000) }));
    expect(await sendPing(`${origin}/uuid`, FAIL, quickDelivery())).toBe(null);
  });

  test('no answer at all ends with the limit of a try', async () => {
    const { origin, requests } = await startReceiver(() => null);
    const told = await sendPing(`${origin}/uuid`, FAIL, quickDelivery({ tryMs: 100, tries: 2 }));
    expect(told).toBe(`${origin} took longer than 0.1 s (2 tries).`);
    expect(requests).toHaveLength(2);
  });

  test('a server that is not there refuses the connection', async () => {
    const port = await freePort();
    const told = await sendPing(`http://127.0.0.1:${String(port)}/uuid`, FAIL, quickDelivery());
    expect(told).toBe(`http://127.0.0.1:${String(port)} refused the connection (3 tries).`);
  });

  test('a server that hangs up has closed the connection', async () => {
    const server = createServer((socket) => socket.destroy());
    await new Promise<void>((resolve) => {
      server.listen(0, '127.0.0.1', resolve);
    });
    onTestFinished(() => void server.close());
    const { port } = server.address() as AddressInfo;
    const told = await sendPing(`http://127.0.0.1:${String(port)}/uuid`, FAIL, quickDelivery({ tries: 1 }));
    expect(told).toMatch(/ closed the connection without an answer\.$/);
  });

  test('an answer that is no HTTP is told to be none', async () => {
    const server = createServer((socket) => socket.end('220 mail.example.com ESMTP\r\n'));
    await new Promise<void>((resolve) => {
      server.listen(0, '127.0.0.1', resolve);
    });
    onTestFinished(() => void server.close());
    const { port } = server.address() as AddressInfo;
    const told = await sendPing(`http://127.0.0.1:${String(port)}/uuid`, FAIL, quickDelivery({ tries: 1 }));
    expect(told).toMatch(/ gave an answer that is no HTTP\.$/);
  });
});

/** A port of this machine on which nobody listens. */
async function freePort(): Promise<number> {
  const server = createServer();
  await new Promise<void>((resolve) => {
    server.listen(0, '127.0.0.1', resolve);
  });
  const { port } = server.address() as AddressInfo;
  await new Promise((resolve) => {
    server.close(resolve);
  });
  return port;
}
