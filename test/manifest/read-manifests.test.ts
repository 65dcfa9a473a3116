import { createHash } from 'node:crypto';
import { PassThrough } from 'node:stream';
import { expect, test } from 'vitest';
import { openManifests } from '../../src/manifest/read-manifests.ts';
import { inPieces, ManifestFolder, readManifest, shown } from './manifest-folder.ts';

test('a CSV manifest gives its rows in order, with line, reason and ticket', async () => {
  const { rows, summaries } = await readManifest(
    'a.csv',
    'id,kind,mode,reason,ticket\n8a4f94e736,video,soft,old,OPS-1\nrf4e9d9790f0,replica,hard,"a ""b"", c",\n',
  );
  expect(rows).toEqual([
    {
      valid: true,
      kind: 'video',
      id: '8a4f94e736',
      mode: 'soft',
      reason: 'old',
      ticket: 'OPS-1',
      source: 0,
      line: 2,
    },
    {
      valid: true,
      kind: 'replica',
      id: 'rf4e9d9790f0',
      mode: 'hard',
      reason: 'a "b", c',
      ticket: '',
      source: 0,
      line: 3,
    },
  ]);
  expect(summaries).toMatchObject([{ path: 'a.csv', format: 'csv', entries: 2 }]);
});

test('the summary has the SHA-256 of exactly the bytes of the file, byte order mark included', async () => {
  const content = '\ufeffid,kind\r\n8a4f94e736,video\r\n';
  const { rows, summaries } = await readManifest('a.csv', content);
  expect(shown(rows)).toEqual(['2 video 8a4f94e736 soft']);
  expect(summaries[0]?.sha256).toBe(createHash('sha256').update(content).digest('hex'));
});

test('lines are physical lines: blank lines, CRLF and quoted line breaks count', async () => {
  const { rows } = await readManifest(
    'a.csv',
    '\n\r\nid,note\r\n8a4f94e731,"two\r\nlines"\n\n\n8a4f94e732,"x\n\ny"\n8a4f94e733,\n  \n8a4f94e734,z',
    { kind: 'video', ignoreColumns: ['note'] },
  );
  expect(rows.map(({ line, id }) => [line, id])).toEqual([
    [4, '8a4f94e731'],
    [8, '8a4f94e732'],
    [11, '8a4f94e733'],
    [13, '8a4f94e734'],
  ]);
});

test('every wrong row is told with the place of its value, and reading goes on', async () => {
  const { rows } = await readManifest(
    'a.csv',
    [
      'reason,id,kind,mode',
      'ö,8A4F94E736,video,soft',
      '"quo, ""ted"" 😀",rf4e9d9790f0,video,',
      ',8a4f94e736,,',
      ',8a4f94e736,Video,',
      ',8a4f94e736,video,HARD',
      ',8a4f94e736',
      ',1.23E+08,video,',
      ',../x?hard=true,video,',
      ', 8a4f94e736,video,',
      ',,video,',
      'a\tb,8a4f94e736,video,',
      ',8a4f94e736, video , hard ',
    ].join('\n'),
  );
  expect(shown(rows)).toEqual([
    '2:3 "8A4F94E736" has capital letters; video IDs are lower case and are never changed',
    '3:18 "rf4e9d9790f0" looks like a replica ID in a video row',
    '4:13 "" kind is missing; never guessed, so add a kind column or pass --kind video or --kind replica',
    '5:13 "Video" is no kind; expected video or replica (lower case)',
    '6:19 "HARD" is no mode; expected soft or hard (lower case)',
    '7:1 ",8a4f94e736" has 2 fields; the header has 4',
    '8:2 "1.23E+08" looks changed by a spreadsheet; export the IDs as text',
    '9:2 "../x?hard=true" is not an ID; expected 4 to 64 of A-Z a-z 0-9 _ -',
    '10:2 " 8a4f94e736" has spaces around it; IDs are never trimmed, so remove them',
    '11:2 "" id is empty; expected an ID',
    '12:1 "a<U+0009>b" has a control character or line break in the reason; expected one line of text',
    '13 video 8a4f94e736 hard',
  ]);
});

test('an invalid row says what the manifest said, made printable', async () => {
  const { rows } = await readManifest('a.csv', 'id,kind,mode,reason\n8a4f\u202e,video,hard,why\n');
  expect(rows).toMatchObject([
    { valid: false, id: '8a4f<U+202E>', value: '8a4f<U+202E>', kind: 'video', mode: 'hard', reason: 'why' },
  ]);
});

test('kind and mode of the options apply only to rows that do not say', async () => {
  const { rows } = await readManifest(
    'a.csv',
    'id,kind,mode\n8a4f94e736,,\n8a4f94e737,video,soft\nrf4e9d9790f0,replica, \n',
    { kind: 'video', mode: 'hard' },
  );
  expect(shown(rows)).toEqual([
    '2 video 8a4f94e736 hard',
    '3 video 8a4f94e737 soft',
    '4 replica rf4e9d9790f0 hard',
  ]);
});

test('a column video_id or replica_id says the kind, and a kind beside it must agree', async () => {
  const { rows } = await readManifest(
    'a.csv',
    'replica_id,kind\nrf4e9d9790f0,\nrf4e9d9790f1,replica\nrf4e9d9790f2,video\n',
    { kind: 'video' },
  );
  expect(shown(rows)).toEqual([
    '2 replica rf4e9d9790f0 soft',
    '3 replica rf4e9d9790f1 soft',
    '4:14 "video" contradicts the column or list it stands in, which says replica',
  ]);
});

test('--map picks the column of IDs, also when a file has both video_id and replica_id', async () => {
  const content = 'video_id,replica_id,uuid\n8a4f94e736,rf4e9d9790f0,8a4f94e737\n';
  const both = await readManifest('a.csv', content, {
    map: { id: 'replica_id' },
    ignoreColumns: ['video_id', 'uuid'],
  });
  expect(shown(both.rows)).toEqual(['2 replica rf4e9d9790f0 soft']);
  const other = await readManifest('a.csv', content, {
    map: { video_id: 'uuid' },
    ignoreColumns: ['*', 'replica_id'],
  });
  expect(shown(other.rows)).toEqual(['2 video 8a4f94e737 soft']);
});

test('a mapped name no longer counts as ours under its old name', async () => {
  const swapped = await readManifest('a.csv', 'reason,ticket,id\na,b,8a4f94e736\n', {
    kind: 'video',
    map: { reason: 'ticket', ticket: 'reason' },
  });
  expect(swapped.rows).toMatchObject([{ reason: 'b', ticket: 'a' }]);
  await expect(readManifest('a.csv', 'id,uuid\nx,y\n', { map: { id: 'uuid' } })).rejects.toThrow(
    'a.csv:1:1: "id" is an unknown column',
  );
});

test('--unsafe-any-id-shape lifts the shape and nothing else', async () => {
  const { rows } = await readManifest('a.csv', 'id\nAbc_-9\nabc/def\n', { kind: 'video', anyIdShape: true });
  expect(rows.map(({ valid }) => valid)).toEqual([true, false]);
});

test('other delimiters are read when they are given, a tab also as \\t', async () => {
  const semicolon = await readManifest('a.csv', 'id;kind\n8a4f94e736;video\n', { delimiter: ';' });
  const tab = await readManifest('a.csv', 'id\tkind\n8a4f94e736\tvideo\n', { delimiter: '\\t' });
  expect(shown(semicolon.rows)).toEqual(shown(tab.rows));
  expect(shown(tab.rows)).toEqual(['2 video 8a4f94e736 soft']);
});

test('JSON lists of objects are read with the line and column of every wrong value', async () => {
  const { rows } = await readManifest(
    'a.json',
    `[{"id":"8a4f94e736","kind":"video","reason":null},
  {"reason":"ö","id":80000, "kind":"video"},
  {"id":8e4,"kind":"video"}, {"kind":"video"}, 7, [1, {"a":2}],
  {"kind":{"a":1},"id":"8a4f94e736"},
  {"id":"8a4f\\u0000","kind":"video"}, {"id":null,"kind":"video"},
  {"id":"8a4f94e736","kind":"video","reason":"a\\nb"}]`,
  );
  expect(shown(rows)).toEqual([
    '1 video 8a4f94e736 soft',
    '2:22 "80000" is no text; expected an ID in quotes (a number would lose digits)',
    '3:9 "8e4" is no text; expected an ID in quotes (a number would lose digits)',
    '3:30 "" id is empty; expected an ID',
    '3:48 "7" is no row; expected an object { … } or an ID in quotes',
    '3:51 "[" is no row; expected an object { … } or an ID in quotes',
    '4:11 "{" is no text; expected the kind in quotes',
    '5:9 "8a4f<U+0000>" is not an ID; expected 4 to 64 of A-Z a-z 0-9 _ -',
    '5:45 "null" is no text; expected an ID in quotes (a number would lose digits)',
    '6:46 "a<U+000A>b" has a control character or line break in the reason; expected one line of text',
  ]);
});

test('a JSON list of strings needs a kind from the options', async () => {
  const content = '["8a4f94e736",\n "8a4f94e737"]';
  const { rows } = await readManifest('a.json', content, { kind: 'video' });
  expect(shown(rows)).toEqual(['1 video 8a4f94e736 soft', '2 video 8a4f94e737 soft']);
  const without = await readManifest('a.json', content);
  expect(without.rows.map(({ valid }) => valid)).toEqual([false, false]);
});

test('the lists videos and replicas say the kind, and what is inside must agree', async () => {
  const { rows } = await readManifest(
    'a.json',
    `{"note": {"by": ["me"]}, "videos": ["8a4f94e736", {"video_id":"8a4f94e737"}],
 "replicas": [{"replica_id":"rf4e9d9790f0","mode":"hard"}, {"replica_id":"rf4e9d9790f1","kind":"video"}, "8a4f94e738"], "x": 1}`,
    { kind: 'video', ignoreColumns: ['note', 'x'] },
  );
  expect(shown(rows)).toEqual([
    '1 video 8a4f94e736 soft',
    '1 video 8a4f94e737 soft',
    '2 replica rf4e9d9790f0 hard',
    '2:96 "video" contradicts the column or list it stands in, which says replica',
    '2:106 "8a4f94e738" looks like a video ID in a replica row',
  ]);
});

test('NDJSON has one object a line; other values are wrong rows', async () => {
  const { rows } = await readManifest(
    'a.jsonl',
    '{"id":"8a4f94e736","kind":"video"}\r\n\r\n"8a4f94e736"\n{"extra":{"a":[1]},"id":"8a4f94e737","kind":"video"}\n',
    { ignoreColumns: ['extra'] },
  );
  expect(shown(rows)).toEqual([
    '1 video 8a4f94e736 soft',
    '3:1 "8a4f94e736" is no row; expected an object { … } on each line',
    '4 video 8a4f94e737 soft',
  ]);
});

test.each(['"8a4f94e736"\n"8a4f94e737"\n', '"8a4f94e736"\r\n"8a4f94e737"', '\n"8a4f94e736" \n"8a4f94e737"'])(
  'NDJSON of texts %j is met with what a line must be',
  async (content) => {
    for (const options of [{}, { format: 'ndjson' }] as const) {
      const { rows } = await readManifest('a.ndjson', content, options);
      expect(rows.map(({ valid }) => valid)).toEqual([false, false]);
      expect(shown(rows)[0]).toMatch(/"8a4f94e736" is no row; expected an object \{ … \} on each line$/);
    }
  },
);

test('a line of NDJSON that is not JSON is a wrong row and spoils no other, in whatever pieces it comes', async () => {
  const lines = [
    '{"id":"8a4f94e736","kind":"video"}',
    'nope',
    '{"id":"8a4f94e737","kind":"video"} {"id":"8a4f94e738","kind":"video"}',
    '{"id":"8a4f94e739","kind":"video"},',
    '',
    '{"id":',
    '"8a4f94e73a","kind":"video"}',
    '{"id":"8a4f94e73b","kind":"vid',
    '[[[[1]]]]',
    '{"id":"8a4f94e73c","kind":"video","reason":"ö" nul}',
    '{"id":"8a4f94e73d","kind":"video"}',
    '{"id":"8a4f94e73e"',
  ];
  for (const size of [1, 7, 1_000_000]) {
    using folder = new ManifestFolder();
    const stdin = inPieces(lines.join('\n'), size);
    const { rows, summaries } = await folder.read(['-'], { format: 'ndjson', stdin });
    expect(shown(rows)).toEqual([
      '1 video 8a4f94e736 soft',
      '2:1 "nope" is not JSON here',
      '3:36 "{" is a second value on its line',
      '4:35 "," is not expected here; expected the end of the line',
      '6:1 "" the object spans several lines',
      '7:1 "8a4f94e73a" is no row; expected an object { … } on each line',
      '8:31 "<U+000A>" is not JSON here',
      '9:1 "[" is no row; expected an object { … } on each line',
      '10:48 "nul" is not JSON here',
      '11 video 8a4f94e73d soft',
      '12:19 "" the file ends in the middle of a value',
    ]);
    expect(summaries).toMatchObject([{ entries: 11 }]);
  }
});

test.each([
  ['a.csv', ''],
  ['a.csv', '\ufeff\r\n\n'],
  ['a.csv', 'id,kind\n'],
  ['a.json', ''],
  ['a.json', '[]'],
  ['a.json', '{"videos":[],"replicas":[]}'],
  ['a.json', '{}'],
  ['a.ndjson', '\n\n'],
  ['a', ' '],
])('%s with %j plans nothing', async (name, content) => {
  const { rows, summaries } = await readManifest(name, content);
  expect(rows).toEqual([]);
  expect(summaries).toMatchObject([{ path: name, entries: 0 }]);
});

test.each([
  ['id,kind\n8a4f94e736,video', 'csv'],
  ['\n [{"id":"8a4f94e736","kind":"video"}]', 'json'],
  ['{ "videos": ["8a4f94e736"]}', 'json'],
  ['{"id":"8a4f94e736","kind":"video"}', 'ndjson'],
])('without an extension the content %j decides', async (content, format) => {
  const { rows, summaries } = await readManifest('manifest.txt', content);
  expect(rows).toMatchObject([{ valid: true, id: '8a4f94e736', kind: 'video' }]);
  expect(summaries).toMatchObject([{ format }]);
});

/** The first kilobyte is read whole, to tell the format: only behind it pieces stay as they come. */
const BEYOND_HEAD = `8a4f94e735,video,${'x'.repeat(1_100)}\n`;

test('standard input is read as -, with its format given, in whatever pieces it comes', async () => {
  const content = `\ufeffid,kind,reason\n${BEYOND_HEAD}8a4f94e736,video,ö😀\r\n8a4f94e737,video,€\n`;
  for (const size of [1, 2, 3, 7, 1_000_000]) {
    using folder = new ManifestFolder();
    const { rows, summaries } = await folder.read(['-'], { format: 'csv', stdin: inPieces(content, size) });
    expect(rows.slice(1).map(({ line, reason }) => [line, reason])).toEqual([
      [3, 'ö😀'],
      [4, '€'],
    ]);
    expect(summaries).toMatchObject([
      { path: '-', sha256: createHash('sha256').update(content).digest('hex') },
    ]);
  }
});

test('an abort ends the reading of a standard input that never ends, as an interruption', async () => {
  const abort = new AbortController();
  async function* endless(): AsyncGenerator<Uint8Array, void, void> {
    yield Buffer.from('id,kind\n');
    setImmediate(() => abort.abort());
    await new Promise(() => undefined);
  }
  using folder = new ManifestFolder();
  const reading = folder.read(['-'], { format: 'csv', stdin: endless(), signal: abort.signal });
  await expect(reading).rejects.toMatchObject({ kind: 'interrupted', next: 'run the command again' });
});

test('an abort before the start reads nothing of a standard input', async () => {
  using folder = new ManifestFolder();
  const stdin = new PassThrough();
  const reading = folder.read(['-'], { format: 'csv', stdin, signal: AbortSignal.abort() });
  await expect(reading).rejects.toMatchObject({ kind: 'interrupted' });
});

test('a standard input that breaks off is refused, with what broke it', async () => {
  using folder = new ManifestFolder();
  const stdin = new PassThrough();
  stdin.write('id,kind\n');
  setImmediate(() => stdin.destroy(new Error('EIO')));
  const reading = folder.read(['-'], { format: 'csv', stdin });
  await expect(reading).rejects.toMatchObject({
    kind: 'usage',
    message: '-: standard input cannot be read',
    cause: { message: 'EIO' },
  });
});

test('a carriage return alone is refused at its place, also where a piece of a pipe ends with it', async () => {
  const content = `id,kind,reason\n${BEYOND_HEAD}8a4f94e736,video\r8a4f94e737,video`;
  for (const size of [1, 8, content.indexOf('\r') + 1, 10_000]) {
    using folder = new ManifestFolder();
    const reading = folder.read(['-'], { format: 'csv', stdin: inPieces(content, size) });
    await expect(reading).rejects.toMatchObject({
      kind: 'usage',
      message: expect.stringContaining('-:3:17: '),
    });
  }
});

test('no character is broken where a large piece is cut into smaller ones', async () => {
  for (const before of ['', 'x', 'xx']) {
    using folder = new ManifestFolder();
    const reason = `${before}${'€'.repeat(300)}`;
    const content = `id,kind,reason\n${`8a4f94e736,video,${reason}\n`.repeat(300)}`;
    const { rows } = await folder.read(['-'], {
      format: 'csv',
      stdin: inPieces(content, content.length * 3),
    });
    expect(rows).toHaveLength(300);
    expect(rows.every((row) => row.reason === reason)).toBe(true);
  }
});

test('an abort ends the reading of a file, and names it', async () => {
  using folder = new ManifestFolder();
  folder.write('a.csv', 'id,kind\n8a4f94e736,video\n');
  const reading = folder.read(['a.csv'], { signal: AbortSignal.abort() });
  await expect(reading).rejects.toMatchObject({
    kind: 'interrupted',
    message: 'Interrupted while reading a.csv; nothing was sent.',
  });
});

test.skipIf(process.platform !== 'linux')(
  'a file that the system cannot read is refused, with why',
  async () => {
    using folder = new ManifestFolder();
    // Nothing is mapped at the address 0.
    const reading = folder.read(['/proc/self/mem'], { format: 'csv' });
    await expect(reading).rejects.toMatchObject({
      kind: 'usage',
      message: '/proc/self/mem: cannot be read',
      cause: { code: 'EIO' },
    });
  },
);

test('an entry beside the lists can be ignored, whatever it holds', async () => {
  const { rows } = await readManifest(
    'a.json',
    '{"count": 1, "page": {"next": [2]}, "tags": ["x", 3], "videos": ["8a4f94e736"]}',
    { ignoreColumns: ['count', 'page', 'tags'] },
  );
  expect(shown(rows)).toEqual(['1 video 8a4f94e736 soft']);
});

test('an abort closes a standard input whose writer stays, so that nothing waits for it any more', async () => {
  const abort = new AbortController();
  const stdin = new PassThrough();
  stdin.write('id,kind\n');
  using folder = new ManifestFolder();
  const reading = folder.read(['-'], { format: 'csv', stdin, signal: abort.signal });
  setImmediate(() => abort.abort());
  await expect(reading).rejects.toMatchObject({ kind: 'interrupted' });
  expect(stdin.destroyed).toBe(true);
});

test('pages have at most 1,000 rows and are read as they are asked for', async () => {
  using folder = new ManifestFolder();
  const ids = Array.from({ length: 20_000 }, (_, i) => `8a4f9${String(i).padStart(5, '0')}`);
  folder.write('a.csv', `id\n${ids.join('\n')}`);
  const source = await openManifests(['a.csv'], { cwd: folder.path, kind: 'video' });
  const read: string[] = [];
  for await (const page of source.pages()) {
    expect(page.length).toBeLessThanOrEqual(1000);
    expect(source.summaries()).toEqual([]);
    read.push(...page.map(({ id }) => id));
  }
  expect(read).toEqual(ids);
  expect(source.summaries()).toMatchObject([{ entries: 20_000 }]);
});
