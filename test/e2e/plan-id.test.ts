import { createHash } from 'node:crypto';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { planPurge } from '../../src/index.ts';
import { temporaryFolder } from '../helpers/temporary-folder.ts';

const ROWS = [
  { id: 'r79e1c033f0', kind: 'replica', mode: 'hard', reason: 'contract, ended', ticket: 'T-1' },
  { id: '8a4f94e736', kind: 'video', mode: 'soft', reason: 'a "quoted" word', ticket: '' },
  { id: 'f940195501', kind: 'video', mode: 'hard', reason: '', ticket: 'T-2' },
  { id: 'rf4e9d9790f0', kind: 'replica', mode: 'soft', reason: '', ticket: '' },
] as const;

/** The digest of CONTRACT.md 4, written out by hand: videos before replicas, manifest order within. */
const EXPECTED = createHash('sha256')
  .update(
    [
      'tavus-purge-plan/1',
      'https://tavusapi.com',
      'soft\tvideo\t8a4f94e736',
      'hard\tvideo\tf940195501',
      'hard\treplica\tr79e1c033f0',
      'soft\treplica\trf4e9d9790f0',
      '',
    ].join('\n'),
  )
  .digest('hex');

type Column = keyof (typeof ROWS)[number];

function quoted(text: string): string {
  return /[",]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
}

function csv(columns: readonly Column[], newline = '\n'): string {
  const lines = ROWS.map((row) => columns.map((column) => quoted(row[column])).join(','));
  return [columns.join(','), ...lines, ''].join(newline);
}

test.each([
  ['CSV', 'm.csv', csv(['id', 'kind', 'mode', 'reason', 'ticket'])],
  ['CSV with BOM and CRLF', 'm.csv', `\uFEFF${csv(['id', 'kind', 'mode', 'reason', 'ticket'], '\r\n')}`],
  [
    'CSV in another column order, with blank lines',
    'm.csv',
    csv(['ticket', 'mode', 'id', 'reason', 'kind']).replaceAll('\n', '\n\n'),
  ],
  ['JSON', 'm.json', JSON.stringify(ROWS, null, 2)],
  ['JSON on one line, with BOM', 'm.json', `\uFEFF${JSON.stringify(ROWS)}`],
  [
    'JSON in lists of a kind',
    'm.json',
    JSON.stringify({
      replicas: ROWS.filter(({ kind }) => kind === 'replica'),
      videos: ROWS.filter(({ kind }) => kind === 'video'),
    }),
  ],
  ['NDJSON', 'm.ndjson', ROWS.map((row) => `${JSON.stringify(row)}\n`).join('')],
  ['NDJSON with CRLF and no last line end', 'm.ndjson', ROWS.map((row) => JSON.stringify(row)).join('\r\n')],
])('the same rows as %s have the digest that the contract defines', async (_, name, text) => {
  const folder = await temporaryFolder();
  await writeFile(join(folder, name), text);
  const { header } = await planPurge({ manifests: [join(folder, name)], stateDir: join(folder, 'state') });
  expect(header.planId).toBe(EXPECTED);
});

test('another base URL, mode or ID is another plan', async () => {
  const folder = await temporaryFolder();
  const planIdOf = async (text: string, baseUrl: string): Promise<string> => {
    await writeFile(join(folder, 'm.csv'), text);
    const stateDir = join(folder, 'state');
    return (await planPurge({ manifests: [join(folder, 'm.csv')], stateDir, baseUrl })).header.planId;
  };
  const planIds = [
    await planIdOf('video_id\n8a4f94e736\n', 'https://tavusapi.com'),
    await planIdOf('video_id\n8a4f94e736\n', 'http://127.0.0.1:1'),
    await planIdOf('video_id,mode\n8a4f94e736,hard\n', 'https://tavusapi.com'),
    await planIdOf('video_id\n8a4f94e737\n', 'https://tavusapi.com'),
    await planIdOf('video_id\n', 'https://tavusapi.com'),
  ];
  expect(new Set(planIds).size).toBe(planIds.length);
});
