/** What docs/monitoring.md shows to receivers really verifies what is really sent. */
import { spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { beforeEach, describe, expect, test } from 'vitest';
import { notifyBody, notifyPayload } from '../../src/job/notify-payload.ts';
import { sendWebhook } from '../../src/job/webhook.ts';
import { temporaryFolder } from '../helpers/temporary-folder.ts';
import { startReceiver } from './http-receiver.ts';
import { troubledEnd } from './job-end.ts';
import { quickDelivery } from './quick-delivery.ts';

const PAGE = readFileSync(new URL('../../docs/monitoring.md', import.meta.url), 'utf8');

function blockOf(language: string): string {
  const [, code] = new RegExp(`^\`\`\`${language}\n([^]*?)^\`\`\`$`, 'm').exec(PAGE) ?? [];
  if (code === undefined) throw new Error(`no block of ${language}`);
  return code;
}

interface Delivered {
  readonly headers: Readonly<Record<string, unknown>>;
  readonly body: string;
  readonly secret: string;
  readonly now?: number;
}

const SECRET = `whsec_${Buffer.alloc(32, 9).toString('base64')}`;
let delivered: Delivered;

beforeEach(async () => {
  const { origin, requests } = await startReceiver();
  const secretFile = join(await temporaryFolder(), 'secret');
  await writeFile(secretFile, SECRET, { mode: 0o600 });
  const body = notifyBody(notifyPayload({ ...troubledEnd(), why: 'Grüße \u202e' }, 'msg_1'));
  await sendWebhook({ url: origin, secretFile }, { id: 'msg_1', body }, quickDelivery());
  const [request] = requests;
  delivered = { headers: { ...request?.headers }, body: request?.body ?? '', secret: SECRET };
});

/** What must be believed, and what must not. */
function cases(): readonly (readonly [string, boolean, Delivered])[] {
  const { headers, body } = delivered;
  const signature = String(headers['webhook-signature']);
  const timestamp = Number(headers['webhook-timestamp']);
  const withHeader = (name: string, value: string): Delivered => ({
    ...delivered,
    headers: { ...headers, [name]: value },
  });
  const unsigned = { ...headers };
  delete unsigned['webhook-signature'];
  return [
    ['as sent', true, delivered],
    ['one signature of several', true, withHeader('webhook-signature', `v1a,AAAA v1,AAAA ${signature}`)],
    ['five minutes late', true, { ...delivered, now: timestamp + 300 }],
    ['six minutes late', false, { ...delivered, now: timestamp + 360 }],
    ['from the future', false, { ...delivered, now: timestamp - 360 }],
    ['another body', false, { ...delivered, body: body.replace('"exitCode":6', '"exitCode":0') }],
    ['another ID', false, withHeader('webhook-id', 'msg_2')],
    ['another time', false, withHeader('webhook-timestamp', String(timestamp + 1))],
    ['no time', false, withHeader('webhook-timestamp', 'now')],
    ['another secret', false, { ...delivered, secret: `whsec_${Buffer.alloc(32).toString('base64')}` }],
    ['another version', false, withHeader('webhook-signature', signature.replace('v1', 'v2'))],
    ['no signature', false, { ...delivered, headers: unsigned }],
  ];
}

describe('the examples for receivers', () => {
  test('in Node believe what was sent, and nothing else', async () => {
    const file = join(await temporaryFolder(), 'verify.mjs');
    await writeFile(file, blockOf('js'));
    const { verify } = (await import(pathToFileURL(file).href)) as {
      readonly verify: (headers: unknown, body: Buffer, secret: string, now?: number) => boolean;
    };
    const judged = cases().map(([name, , { headers, body, secret, now }]) => [
      name,
      verify(headers, Buffer.from(body), secret, now),
    ]);
    expect(judged).toEqual(cases().map(([name, isTrue]) => [name, isTrue]));
  });

  const hasPython =
    spawnSync('python3', ['-c', 'import sys; sys.exit(sys.version_info < (3, 9))']).status === 0;
  test.skipIf(!hasPython)(
    'in Python believe what was sent, and nothing else (needs python3, 3.9 or newer)',
    () => {
      const judge = [
        'import json, sys',
        'for case in json.load(sys.stdin):',
        '    body = case["body"].encode()',
        '    print(verify(case["headers"], body, case["secret"], case.get("now")))',
      ].join('\n');
      const { status, stdout, stderr } = spawnSync('python3', ['-c', `${blockOf('python')}\n${judge}\n`], {
        input: JSON.stringify(cases().map(([, , given]) => given)),
        encoding: 'utf8',
      });
      expect({ status, stderr }).toEqual({ status: 0, stderr: '' });
      const judged = stdout.trim().split('\n');
      expect(judged.map((word, index) => [cases()[index]?.[0], word === 'True'])).toEqual(
        cases().map(([name, isTrue]) => [name, isTrue]),
      );
    },
  );
});

test('the message that the page shows has the fields of a real one', () => {
  const shown = JSON.parse(blockOf('json')) as object;
  const real = JSON.parse(delivered.body) as object;
  expect(Object.keys(shown)).toEqual(Object.keys(real));
  expect(shown).toMatchObject({ backlog: { oldestAt: '2026-11-20T09:00:00.000Z' }, requests: { none: 0 } });
});
