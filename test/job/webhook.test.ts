import { execFileSync, spawnSync } from 'node:child_process';
import { createHmac } from 'node:crypto';
import { chmod, mkdir, readFile, writeFile } from 'node:fs/promises';
import { createServer } from 'node:https';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import * as fc from 'fast-check';
import { describe, expect, onTestFinished, test, vi } from 'vitest';
import { PurgeError } from '../../src/errors.ts';
import { parseWebhookSecret, readWebhookSecret } from '../../src/job/webhook-secret.ts';
import { sendWebhook, webhookSignature } from '../../src/job/webhook.ts';
import { systemClock } from '../../src/system-clock.ts';
import { temporaryFolder } from '../helpers/temporary-folder.ts';
import { startReceiver } from './http-receiver.ts';
import { quickDelivery } from './quick-delivery.ts';

const KEY = Buffer.alloc(32, 7);
const SECRET = `whsec_${KEY.toString('base64')}`;
const MESSAGE = { id: 'msg_1', body: '{"job":"nightly","why":"Grüße"}' };

async function secretFile(content: string, mode = 0o600): Promise<string> {
  const file = join(await temporaryFolder(), 'secret');
  await writeFile(file, content);
  await chmod(file, mode);
  return file;
}

describe('webhookSignature', () => {
  test('is what the reference libraries of Standard Webhooks compute', () => {
    // The example of the specification's own test suites.
    const secret = parseWebhookSecret('whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw');
    const message = { id: 'msg_p5jXN8AQM9LWM0D4loKWxJek', timestamp: 1_614_265_330 };
    expect(webhookSignature(secret ?? KEY, { ...message, body: '{"test": 2432232314}' })).toBe(
      'v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=',
    );
  });
});

describe('sendWebhook', () => {
  test('posts the body as it is, signed together with its ID and time', async () => {
    const { origin, requests } = await startReceiver();
    const webhook = { url: `${origin}/hook?token=t`, secretFile: await secretFile(`${SECRET}\n`) };
    const before = Math.floor(Date.now() / 1_000);
    expect(await sendWebhook(webhook, MESSAGE, quickDelivery())).toBe(null);
    const [request] = requests;
    expect(request).toMatchObject({ method: 'POST', path: '/hook?token=t', body: MESSAGE.body });
    expect(request?.headers).toMatchObject({ 'content-type': 'application/json', 'webhook-id': 'msg_1' });
    const timestamp = String(request?.headers['webhook-timestamp']);
    expect(Number(timestamp)).toBeGreaterThanOrEqual(before);
    const hmac = createHmac('sha256', KEY).update(`msg_1.${timestamp}.${MESSAGE.body}`).digest('base64');
    expect(request?.headers['webhook-signature']).toBe(`v1,${hmac}`);
  });

  test('each try has the time of its own and the ID of the message', async () => {
    const { origin, requests } = await startReceiver((n) => ({ status: n === 1 ? 500 : 204 }));
    let now = 1_700_000_000_999;
    const clock = { ...systemClock, now: () => (now += 5_000) };
    const webhook = { url: `${origin}/hook`, secretFile: await secretFile(SECRET) };
    expect(await sendWebhook(webhook, MESSAGE, { ...quickDelivery(), clock })).toBe(null);
    expect(requests.map(({ headers }) => [headers['webhook-id'], headers['webhook-timestamp']])).toEqual([
      ['msg_1', '1700000005'],
      ['msg_1', '1700000010'],
    ]);
    expect(new Set(requests.map(({ headers }) => headers['webhook-signature'])).size).toBe(2);
  });

  test('without a secret file there is no signature', async () => {
    const { origin, requests } = await startReceiver();
    expect(await sendWebhook({ url: `${origin}/hook`, secretFile: null }, MESSAGE, quickDelivery())).toBe(
      null,
    );
    expect(requests[0]?.headers).not.toHaveProperty('webhook-signature');
  });

  test('with a secret file that cannot be used nothing is sent', async () => {
    const { origin, requests } = await startReceiver();
    const webhook = { url: `${origin}/hook`, secretFile: await secretFile(SECRET, 0o644) };
    expect(await sendWebhook(webhook, MESSAGE, quickDelivery())).toMatch(
      /is open to every user of this machine\.$/,
    );
    expect(requests).toEqual([]);
  });

  test.skipIf(!hasOpenssl() && process.env['CI'] === undefined)(
    'a certificate that nobody vouches for is refused, whatever the environment says',
    async () => {
      vi.stubEnv('NODE_TLS_REJECT_UNAUTHORIZED', '0');
      onTestFinished(() => void vi.unstubAllEnvs());
      const folder = await temporaryFolder();
      const [key, cert] = [join(folder, 'key.pem'), join(folder, 'cert.pem')];
      const made = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1', '-nodes', '-days', '2'];
      const named = ['-subj', '/CN=test', '-addext', 'subjectAltName=IP:127.0.0.1'];
      execFileSync('openssl', ['req', '-x509', ...made, ...named, '-keyout', key, '-out', cert], {
        stdio: 'pipe',
      });
      let requests = 0;
      const server = createServer({ key: await readFile(key), cert: await readFile(cert) }, (_, answer) => {
        requests += 1;
        answer.end();
      });
      await new Promise<void>((resolve) => {
        server.listen(0, '127.0.0.1', resolve);
      });
      onTestFinished(() => void server.close());
      const { port } = server.address() as AddressInfo;
      const url = `https://127.0.0.1:${String(port)}/hook`;
      expect(await sendWebhook({ url, secretFile: null }, MESSAGE, quickDelivery())).toBe(
        `https://127.0.0.1:${String(port)} has a certificate that cannot be verified (DEPTH_ZERO_SELF_SIGNED_CERT).`,
      );
      expect(requests).toBe(0);
    },
  );
});

describe('readWebhookSecret', () => {
  test.each([SECRET, `${SECRET}\n`, `${SECRET}\r\n`])('takes %j', async (content) => {
    expect(readWebhookSecret(await secretFile(content))).toEqual(KEY);
  });

  test.each([
    ['nothing', ''],
    ['no prefix', KEY.toString('base64')],
    ['a prefix alone', 'whsec_'],
    ['too few bytes', `whsec_${Buffer.alloc(23).toString('base64')}`],
    ['too many bytes', `whsec_${Buffer.alloc(65).toString('base64')}`],
    ['base64url', `whsec_${Buffer.alloc(32, 0xff).toString('base64url')}`],
    ['two lines', `${SECRET}\n${SECRET}\n`],
    ['a space', `${SECRET} `],
    ['no base64', `whsec_${'%'.repeat(40)}`],
    ['a large file', 'x'.repeat(5_000)],
  ])('refuses %s without showing it', async (_, content) => {
    const error = errorOf(await secretFile(content));
    expect(error.kind).toBe('usage');
    const shown = `${error.message} ${String(error.next)}`;
    expect(content.length > 20 && shown.includes(content.trim().slice(6, 20))).toBe(false);
  });

  test.each([0o604, 0o602])('refuses a file of mode %o, which every user can read or write', async (mode) => {
    expect(errorOf(await secretFile(SECRET, mode)).message).toContain('is open to every user');
  });

  test.each([0o640, 0o400])('takes a file of mode %o', async (mode) => {
    expect(readWebhookSecret(await secretFile(SECRET, mode))).toEqual(KEY);
  });

  test('refuses a folder and a file that is not there', async () => {
    const folder = join(await temporaryFolder(), 'folder');
    await mkdir(folder);
    expect(errorOf(folder).message).toContain('is not a small regular file');
    expect(errorOf(join(folder, 'none')).message).toContain('cannot be read');
  });

  test('whatever bytes of the allowed length are written are read', () => {
    fc.assert(
      fc.property(fc.uint8Array({ minLength: 24, maxLength: 64 }), (bytes) => {
        const text = `whsec_${Buffer.from(bytes).toString('base64')}`;
        expect(parseWebhookSecret(text)).toEqual(Buffer.from(bytes));
      }),
    );
  });
});

function hasOpenssl(): boolean {
  return spawnSync('openssl', ['version']).status === 0;
}

function errorOf(file: string): PurgeError {
  try {
    readWebhookSecret(file);
  } catch (error) {
    if (error instanceof PurgeError && error.next !== undefined) return error;
    throw error;
  }
  throw new Error('nothing was thrown');
}
