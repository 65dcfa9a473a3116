import { execFileSync } from 'node:child_process';
import { appendFileSync, truncateSync } from 'node:fs';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { describe, expect, test } from 'vitest';
import { openManifests } from '../../src/manifest/read-manifests.ts';
import type { ReadOptions } from '../../src/manifest/read-manifests.ts';
import { ManifestFolder, readManifest, usageError } from './manifest-folder.ts';
import type { Content } from './manifest-folder.ts';

interface Case {
  readonly name: string;
  readonly content: Content;
  readonly message: string;
  readonly options?: ReadOptions;
}

const bytes = (text: string, ...end: number[]): Buffer =>
  Buffer.concat([Buffer.from(text), Buffer.from(end)]);

const NOT_TEXT: Case[] = [
  { name: 'a.csv', content: gzipSync('id\n'), message: 'a.csv: is compressed (gzip)' },
  { name: 'a.xlsx', content: 'PK\u0003\u0004rest', message: 'a.xlsx: is a zip archive or an Excel workbook' },
  { name: 'a.csv', content: Buffer.from('\ufeffid,kind', 'utf16le'), message: 'a.csv: is UTF-16 or UTF-32' },
  { name: 'a.csv', content: Buffer.from([0xfe, 0xff, 0, 0x69]), message: 'a.csv: is UTF-16' },
  {
    name: 'a.csv',
    content: Buffer.from('id,kind', 'utf16le'),
    message: 'a.csv:1:2: has a NUL character (U+0000)',
  },
  {
    name: 'a.csv',
    content: bytes('id\nö8a4f', 0xe4, 0x62),
    message: 'a.csv:2:6: is not UTF-8 from here on',
  },
  { name: 'a.csv', content: bytes('id\n8a4f', 0xe2, 0x82), message: 'a.csv:2:5: is not UTF-8 from here on' },
  { name: 'a.csv', content: bytes('id\n', 0xed, 0xa0, 0x80), message: 'a.csv:2:1: is not UTF-8' },
  { name: 'a.csv', content: 'id\n8a4f\u0000', message: 'a.csv:2:5: has a NUL character (U+0000)' },
  { name: 'a.csv', content: 'id\n8a\u001b[31m', message: 'a.csv:2:3: has a control character (U+001B)' },
  { name: 'a.csv', content: 'id\n\u007f', message: 'a.csv:2:1: has a control character (U+007F)' },
  { name: 'a.json', content: '["\u0085"]', message: 'a.json:1:3: has a control character (U+0085)' },
  {
    name: 'a.csv',
    content: 'id\r8a4f94e736\r',
    message: 'a.csv:1:3: has a carriage return without a line feed',
  },
  { name: 'a.csv', content: 'id\n8a4f94e736\r', message: 'a.csv:2:11: has a carriage return' },
  {
    name: 'a.csv',
    content: '\ufeff\ufeffid',
    message: 'a.csv:1:1: has a byte order mark (U+FEFF) that is not',
  },
  {
    name: 'a.json',
    content: '["8a4f\ufeff94e736"]',
    message: 'a.json:1:7: has a byte order mark (U+FEFF) that is not',
  },
];

const WRONG_CSV: Case[] = [
  { name: 'a.csv', content: 'kind\nvideo\n', message: 'a.csv:1:1: has no column of IDs' },
  { name: 'a.csv', content: 'id, owner\n', message: 'a.csv:1:4: "owner" is an unknown column; expected id' },
  { name: 'a.csv', content: '"id","owner"\n', message: 'a.csv:1:6: "owner" is an unknown column' },
  { name: 'a.csv', content: 'ID\n', message: 'a.csv:1:1: "ID" is an unknown column' },
  { name: 'a.csv', content: 'id,kind,\n', message: 'a.csv:1:9: "" is a column without a name' },
  { name: 'a.csv', content: 'id,__proto__\n', message: 'a.csv:1:4: "__proto__" is an unknown column' },
  { name: 'a.csv', content: 'id,mode, mode\n', message: 'a.csv:1:9: "mode" is in the header twice' },
  {
    name: 'a.csv',
    content: 'video_id,replica_id\n',
    message: 'a.csv:1:10: "replica_id" is a second column of IDs besides "video_id"',
  },
  {
    name: 'a.csv',
    content: 'id,video_id\n',
    options: { ignoreColumns: ['*'] },
    message: 'a.csv:1:4: "video_id" is a second column of IDs',
  },
  { name: 'a.csv', content: '8a4f94e736\n', message: 'a.csv:1:1: "8a4f94e736" is an unknown column' },
  {
    name: 'a.csv',
    content: 'id,kind\n8a4f94e736,"video\n8a4f94e737,video\n',
    message: 'a.csv:2:1: "8a4f94e736,"video" begins a row in which a quote is not closed',
  },
  {
    name: 'a.csv',
    content: 'id\n\n"a"b\n',
    message: 'a.csv:3:1: ""a"b" begins a row in which something follows',
  },
  { name: 'a.csv', content: 'id\na"b"\n', message: 'a.csv:2:1: "a"b"" begins a row in which a quote stands' },
  { name: 'a.csv', content: `id\n${'x'.repeat(4097)}\n`, message: 'a.csv:2:1: the line is over 4096 bytes' },
  {
    name: 'a.csv',
    content: `id\n"${'x\n'.repeat(3000)}"`,
    message: 'a.csv:2:1: the row is over 4096 bytes, or a quote in it is not closed',
  },
  {
    name: 'a.csv',
    content: `id\n${`"${','.repeat(40)}\n"`.repeat(40_000)}`,
    message: 'a.csv:2:1: ',
  },
  {
    name: 'a.csv',
    content: '[{"id":"x"}]',
    message: 'a.csv: the content looks like JSON, but its name says CSV',
  },
  { name: 'a.csv', content: '{"id":"x"}', message: 'a.csv: the content looks like NDJSON' },
];

const WRONG_JSON: Case[] = [
  {
    name: 'a.json',
    content: 'id,kind\n',
    message: 'a.json: the content looks like CSV, but its name says JSON',
  },
  { name: 'a.json', content: '"8a4f94e736"', message: 'a.json: the content looks like CSV' },
  {
    name: 'a.ndjson',
    content: '[]',
    message: 'a.ndjson: the content looks like JSON, but its name says NDJSON',
  },
  { name: 'a.csv', content: 'id\n', options: { format: 'json' }, message: 'but --format says JSON' },
  {
    name: 'a.json',
    content: '{"id":"8a4f94e736"}',
    message: 'a.json:1:2: "id" is an unknown key; expected videos or replicas',
  },
  { name: 'a.json', content: '{"videos":[],"videos":[]}', message: 'a.json:1:14: "videos" is there twice' },
  { name: 'a.json', content: '{"videos":{"id":"x"}}', message: 'a.json:1:11: "{" is no list' },
  { name: 'a.json', content: '{"videos":7}', message: 'a.json:1:11: "7" is no list' },
  {
    name: 'a.json',
    content: '[{"id":"8a4f94e736",\n"mode":"soft","mode":"hard"}]',
    message: 'a.json:2:15: "mode" is there twice',
  },
  {
    name: 'a.json',
    content: '[{"mode":"soft","\\u006dode":"hard"}]',
    message: 'a.json:1:17: "mode" is there twice',
  },
  {
    name: 'a.json',
    content: '[{"__proto__":{"mode":"hard"}}]',
    message: 'a.json:1:3: "__proto__" is an unknown',
  },
  {
    name: 'a.json',
    content: '[{"constructor":1}]',
    message: 'a.json:1:3: "constructor" is an unknown column',
  },
  {
    name: 'a.json',
    content: '[{"video_id":"x"},{"replica_id":"y"}]',
    message: 'a.json:1:20: "replica_id" is a sec',
  },
  {
    name: 'a.json',
    content: '[{"x":[{"y":1}]}]',
    options: { ignoreColumns: ['x'] },
    message: '1:8: "{" is nested',
  },
  { name: 'a.json', content: '['.repeat(100_000), message: 'a.json:1:4: "[" is nested over 3 levels deep' },
  { name: 'a.json', content: '["a",]', message: 'a.json:1:6: "]" is not expected here; expected a value' },
  { name: 'a.json', content: '["a" "b"]', message: 'a.json:1:6: "b" is not expected here; expected a comma' },
  {
    name: 'a.json',
    content: '[{"id" "x"}]',
    message: 'a.json:1:8: "x" is not expected here; expected a colon',
  },
  {
    name: 'a.json',
    content: '[{"id":"x",}]',
    message: 'a.json:1:12: "}" is not expected here; expected a key',
  },
  { name: 'a.json', content: '[}', message: 'a.json:1:2: "}" is not expected here' },
  { name: 'a.json', content: '[] []', message: 'a.json:1:4: "[" is not expected here; expected the end' },
  { name: 'a.json', content: '[{"id":"é", bad}]', message: 'a.json:1:13: "b" is not JSON here' },
  { name: 'a.json', content: "[\n 'x']", message: 'a.json:2:2: "\'" is not JSON here' },
  { name: 'a.json', content: '["a\\x"]', message: 'a.json:1:5: "x" is not JSON here' },
  { name: 'a.json', content: '["a\n"]', message: 'a.json:1:4: "<U+000A>" is not JSON here' },
  { name: 'a.json', content: '[01]', message: 'a.json:1:3: "1" is not expected here' },
  { name: 'a.json', content: '[NaN]', message: 'a.json:1:2: "N" is not JSON here' },
  { name: 'a.json', content: '["a"', message: 'a.json:1:5: the file ends in the middle of a value' },
  { name: 'a.json', content: '["a', message: 'a.json:1:4: the file ends in the middle of a value' },
  { name: 'a.json', content: '{"videos":', message: 'a.json:1:11: the file ends in the middle of a value' },
  {
    name: 'a.json',
    content: '["\\uFEFF8a4f94e736"]',
    message: 'a.json:1:3: "\\uFEFF" is an escaped byte order',
  },
  {
    name: 'a.json',
    content: `["${'x'.repeat(4097)}"]`,
    message: 'a.json:1:2: a value is over 4096 characters',
  },
  {
    name: 'a.json',
    content: `["${'x'.repeat(300_000)}`,
    message: 'a.json:1:2: a value is over 4096 characters',
  },
  {
    name: 'a.json',
    content: `[${'1'.repeat(300_000)}`,
    message: 'a.json:1:2: a value is over 4096 characters',
  },
  {
    name: 'a.ndjson',
    content: `{"id":"${'x'.repeat(4096)}"}`,
    message: 'a.ndjson:1:1: the line is over 4096 bytes',
  },
];

describe('a manifest that is wrong as a whole is refused with its place', () => {
  test.each([...NOT_TEXT, ...WRONG_CSV, ...WRONG_JSON])('$message', async (wrong) => {
    const error = await usageError(readManifest(wrong.name, wrong.content, wrong.options));
    expect(error.message).toContain(wrong.message);
    expect(error.next).toMatch(/\S/);
  });
});

test('an unknown, doubled or ambiguous key refuses its file, but hides no other problem of it', async () => {
  const lines = [
    '{"id":"8a4f94e736","kind":"film"}',
    '{"id":"8a4f94e737","kind":"video","owner":"me"}',
    'nope',
    '{"id":"8a4f94e738","kind":"video","mode":"soft","mode":"hard"}',
    '{"video_id":"8a4f94e739"}',
  ];
  const contents = { 'a.ndjson': lines.join('\n'), 'a.json': `[${lines.toSpliced(2, 1).join(',\n')}]` };
  for (const [name, content] of Object.entries(contents)) {
    const error = await usageError(readManifest(name, content));
    expect(error.message).toContain(`${name}:2:35: "owner" is an unknown column`);
    expect(error.next).toContain('--ignore-columns');
    const shift = name === 'a.json' ? 0 : 1;
    expect(error.details).toEqual([
      expect.stringContaining(`${name}:1:${28 - shift}: "film" is no kind`),
      ...(shift === 1 ? [`${name}:3:1: "nope" is not JSON here`] : []),
      expect.stringContaining(`${name}:${3 + shift}:49: "mode" is there twice`),
      expect.stringContaining(`${name}:${4 + shift}:2: "video_id" is a second column of IDs`),
    ]);
  }
});

test('what refuses a file lists the wrong rows before it, too', async () => {
  const error = await usageError(readManifest('a.csv', 'id,kind\nx,video\n"8a4f94e736,video\n'));
  expect(error.message).toContain('a.csv:3:1:');
  expect(error.details).toEqual([expect.stringContaining('a.csv:2:1: "x" is not an ID')]);
});

test.each([
  ['id;kind\n', {}, "--delimiter ';'"],
  ['id\tkind\n', {}, "--delimiter '\\t'"],
  ['"id"|"kind"\n', {}, "--delimiter '|'"],
  ['id,kind\n', { delimiter: ';' }, "--delimiter ','"],
])('a header %j with the wrong delimiter is met with the right one', async (content, options, advice) => {
  const error = await usageError(readManifest('a.csv', content, options));
  expect(error.next).toContain('Did you mean');
  expect(error.next).toContain(advice);
});

test.each(['', ',,', 'a', '"', '\n', '_', 'ö'])('the delimiter %j is refused', async (delimiter) => {
  const error = await usageError(readManifest('a.csv', 'id\n', { delimiter }));
  expect(error.message).toContain('--delimiter');
});

test('--map must name a column of ours, and no column of theirs twice', async () => {
  const unknown = await usageError(readManifest('a.csv', 'id\n', { map: { uuid: 'id' } }));
  expect(unknown.message).toBe('--map: "uuid" is no column of ours.');
  const twice = await usageError(readManifest('a.csv', 'x\n', { map: { id: 'x', reason: 'x' } }));
  expect(twice.message).toBe('--map: the column "x" is mapped twice.');
});

test('a file over 1 GiB is refused before it is read', async () => {
  using folder = new ManifestFolder();
  folder.write('a.csv', 'id\n');
  truncateSync(join(folder.path, 'a.csv'), 1024 ** 3 + 1);
  const error = await usageError(folder.read(['a.csv']));
  expect(error.message).toBe('a.csv: is over 1 GiB');
});

test('a FIFO is refused with advice, without waiting for its writer', async () => {
  using folder = new ManifestFolder();
  execFileSync('mkfifo', [join(folder.path, 'a.csv')]);
  const error = await usageError(folder.read(['a.csv']));
  expect(error.message).toBe('a.csv: is not a regular file');
  expect(error.next).toContain('use - as its name');
});

test.each([
  ['few characters', '€\n'.repeat(1_100)],
  ['quotes in it that are written twice', '""\n'.repeat(1_400)],
])('a row over 4,096 bytes is refused, also one of %s, whether it ends or not', async (_, reason) => {
  for (const end of ['"\n8a4f94e737,video,\n', '']) {
    const content = `id,kind,reason\n8a4f94e736,video,"${reason}${end}`;
    const error = await usageError(readManifest('a.csv', content));
    expect(error.message).toMatch(/^a\.csv:2:1: the row is over 4096 bytes/);
  }
});

test('a manifest that grows while it is read is refused', async () => {
  using folder = new ManifestFolder();
  folder.write('a.csv', `id\n${'8a4f94e736\n'.repeat(20_000)}`);
  const source = await openManifests(['a.csv'], { cwd: folder.path, kind: 'video' });
  const reading = (async () => {
    let grown = false;
    for await (const page of source.pages()) {
      if (!grown) appendFileSync(join(folder.path, 'a.csv'), '8a4f94e737\n');
      grown ||= page.length > 0;
    }
  })();
  const error = await usageError(reading);
  expect(error.message).toBe('a.csv: changed while it was being read');
});

test('rows before a place that is wrong keep their places right, also far into the file', async () => {
  const rows = '{"id":"8a4f94e736","kind":"video","reason":"ö😀"}\n'.repeat(5000);
  const wrong = await readManifest('a.ndjson', `${rows}{"id":"ö", x}`);
  expect(wrong.rows.at(-1)).toMatchObject({
    line: 5001,
    column: 12,
    value: 'x',
    problem: 'is not JSON here',
  });
  const list = `[${rows.trimEnd().replaceAll('\n', ',')},7`;
  const cut = await usageError(readManifest('a.json', list));
  expect(cut.message).toContain(`a.json:1:${Array.from(list).length + 1}: the file ends`);
});

test('a file of many blank lines is read in bounded memory and keeps its line numbers', async () => {
  const blank = '\n'.repeat(300_000);
  const { rows } = await readManifest('a.csv', `${blank}id,kind\n${blank}8a4f94e736,x\n`);
  expect(rows).toMatchObject([{ line: 600_002, column: 12, value: 'x' }]);
  const json = await readManifest('a.json', `[${blank}"x"${blank}]`, { kind: 'video' });
  expect(json.rows).toMatchObject([{ line: 300_001, column: 1 }]);
});
