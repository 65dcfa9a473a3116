import { execFileSync } from 'node:child_process';
import { mkdirSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { describe, expect, test } from 'vitest';
import { PurgeError } from '../../src/errors.ts';
import type { Job } from '../../src/job/job.ts';
import { readJobFile } from '../../src/job/read-job-file.ts';
import { parseBaseUrl } from '../../src/tavus/target.ts';
import { temporaryFolder } from '../helpers/temporary-folder.ts';

const KEY = 'a1b2c3d4e5f6a7b8c9d0';
const CHECKS = { parseBaseUrl };
/** The shortest job file; it has three lines. */
const SMALL = 'name: nightly\nmanifests: drop\nlimits: {deletions: 5}\n';

async function jobFile(text: string): Promise<string> {
  const file = path.join(await temporaryFolder(), 'job.yaml');
  writeFileSync(file, text);
  return file;
}

async function read(text: string): Promise<{ readonly job: Job; readonly folder: string }> {
  const file = await jobFile(text);
  return { job: await readJobFile(file, CHECKS), folder: path.dirname(file) };
}

/** What is said about a job file that must be refused, without its folder. */
async function refusalOf(text: string): Promise<string> {
  const file = await jobFile(text);
  return (await refusalOfFile(file)).replaceAll(path.dirname(file), '');
}

async function refusalOfFile(file: string): Promise<string> {
  const thrown: unknown = await readJobFile(file, CHECKS).catch((error: unknown) => error);
  if (!(thrown instanceof PurgeError)) throw new Error('was not refused', { cause: thrown });
  expect(thrown.exitCode).toBe(2);
  expect(thrown.next).toBeDefined();
  return [thrown.message, ...thrown.details].join('\n');
}

describe('a job file', () => {
  test('may name a webhook without a secret: its receiver then cannot tell who calls', async () => {
    const { job } = await read(`${SMALL}notify: {webhook: {url: https://hooks.example/x}}\n`);
    expect(job.notify.webhook).toEqual({ url: 'https://hooks.example/x', secretFile: null });
  });

  test('with the least that it needs is a soft job with the default growth and no hard deletions', async () => {
    const { job, folder } = await read(SMALL);
    expect(job).toEqual({
      name: 'nightly',
      file: path.join(folder, 'job.yaml'),
      manifests: [path.join(folder, 'drop')],
      kind: null,
      mode: 'soft',
      map: {},
      holds: [],
      limits: { deletions: 5, hardDeletions: 0, growth: 3 },
      settings: { allowNotFound: false },
      window: null,
      out: null,
      reports: ['results.csv', 'results.ndjson', 'summary.json'],
      keep: null,
      notify: { ping: null, webhook: null, command: null },
      metrics: null,
      onEmpty: 'ok',
      processed: 'keep',
      baseUrl: null,
      apiKeyFile: null,
    });
  });

  test('with everything says everything; paths start at its folder', async () => {
    const { job, folder } = await read(`
# yaml-language-server: $schema=../schemas/job.schema.json
name: weekly-hard.2
manifests: [old/*.csv, /data/x.ndjson]
kind: replica
mode: hard
map: {id: video uuid, ticket: jira}
holds: ../holds.csv
limits:
  deletions: 500
  hardDeletions: 20
  growth: 1.5
rate: 90/m
concurrency: 2
attempts: 3
timeout: 20s
maxDuration: 1h30m
window: {days: [sun, fri], hours: 22:00-05:30, timeZone: Europe/Berlin}
out: out/{job}/{date}-{runId}
reports: [results.csv]
keep: {runs: 30, days: 90}
notify:
  ping: https://hc.example/7c0b3e51-1c6e-4f7e-9a59-ac2d5ad3d5f1
  webhook: {url: "http://127.0.0.1:8080/hook?x=1", secretFile: secret}
  command: [./tell.sh, "10", --now]
metrics: /var/lib/metrics/tavus.prom
notFound: ok
onEmpty: fail
processed: move
baseUrl: http://127.0.0.1:8484
apiKeyFile: key
`);
    const here = (name: string): string => path.join(folder, name);
    expect(job).toEqual({
      name: 'weekly-hard.2',
      file: here('job.yaml'),
      manifests: [here('old/*.csv'), '/data/x.ndjson'],
      kind: 'replica',
      mode: 'hard',
      map: { id: 'video uuid', ticket: 'jira' },
      holds: [path.resolve(folder, '../holds.csv')],
      limits: { deletions: 500, hardDeletions: 20, growth: 1.5 },
      settings: {
        rate: { count: 90, windowMs: 60_000 },
        concurrency: 2,
        attempts: 3,
        timeoutMs: 20_000,
        maxDurationMs: 5_400_000,
        allowNotFound: true,
      },
      window: { days: [5, 7], fromMinute: 1320, untilMinute: 330, timeZone: 'Europe/Berlin' },
      out: here('out/{job}/{date}-{runId}'),
      reports: ['results.csv'],
      keep: { runs: 30, days: 90 },
      notify: {
        ping: 'https://hc.example/7c0b3e51-1c6e-4f7e-9a59-ac2d5ad3d5f1',
        webhook: { url: 'http://127.0.0.1:8080/hook?x=1', secretFile: here('secret') },
        command: [here('tell.sh'), '10', '--now'],
      },
      metrics: '/var/lib/metrics/tavus.prom',
      onEmpty: 'fail',
      processed: 'move',
      baseUrl: 'http://127.0.0.1:8484',
      apiKeyFile: here('key'),
    });
  });

  test.each([
    ['mon-fri', [1, 2, 3, 4, 5]],
    ['sat', [6]],
    ['fri-mon', [1, 5, 6, 7]],
    ['[wed, mon]', [1, 3]],
    ['mon-sun', [1, 2, 3, 4, 5, 6, 7]],
  ])('with the days %s has them in order', async (days, expected) => {
    const { job } = await read(`${SMALL}window: {days: ${days}, hours: 00:00-24:00, timeZone: UTC}\n`);
    expect(job.window).toEqual({ days: expected, fromMinute: 0, untilMinute: 0, timeZone: 'UTC' });
  });

  test('without days has a window on every day; a program without a slash is left to PATH', async () => {
    const { job } = await read(
      `${SMALL}window: {hours: 01:05-02:00, timeZone: UTC}\nnotify: {command: [mail, -s, x]}\n`,
    );
    expect(job.window).toMatchObject({ days: [1, 2, 3, 4, 5, 6, 7], fromMinute: 65, untilMinute: 120 });
    expect(job.notify.command).toEqual(['mail', '-s', 'x']);
  });
});

describe('a job file is refused at its place', () => {
  test.each([
    ['an unknown key', 'raet: 5/s', '4:1 "raet" is not a key here; did you mean rate?'],
    [
      'an unknown inner key',
      'window: {hour: 1}',
      '4:10 window: "hour" is not a key here; did you mean hours?',
    ],
    [
      'a key of another style',
      'api-key-file: key',
      '4:1 "api-key-file" is not a key here; did you mean apiKeyFile?',
    ],
    ['a column that is none of ours', 'map: {uuid: id}', '4:7 map: "uuid" is not a key here'],
    ['a wrong text', 'rate: fast', '4:7 rate: expected a rate such as 5/s or 90/m, found "fast"'],
    ['a wrong word', 'mode: HARD', '4:7 mode: expected "soft" or "hard", found "HARD"'],
    [
      'a number as a text',
      'concurrency: "4"',
      '4:14 concurrency: expected a whole number from 1 to 256, found "4"',
    ],
    ['a text as a number', 'notify: {command: [curl, 10]}', '4:26 notify.command[1]: expected a text, found'],
    ['another notation', 'attempts: 1e1', '4:11 attempts: expected a number in plain digits, found "1e1"'],
    ['a hexadecimal number', 'attempts: 0x10', 'attempts: expected a number in plain digits, found "0x10"'],
    ['an octal number', 'attempts: 010', 'attempts: expected a number in plain digits, found "010"'],
    ['no number', 'attempts: .nan', 'attempts: expected a number in plain digits'],
    ['a fraction', 'attempts: 1.5', 'attempts: expected a whole number from 1 to 100, found 1.5'],
    ['a negative number', 'attempts: -1', 'attempts: expected a whole number from 1 to 100, found -1'],
    ['an empty value', 'rate:', 'rate: expected a rate such as 5/s or 90/m, found nothing'],
    ['a list for one value', 'rate: [5/s]', '4:7 rate: expected a rate such as 5/s or 90/m, found a list'],
    ['a value for a map', 'keep: 5', '4:7 keep: expected keys such as "days: 90", found 5'],
    ['an empty map', 'keep: {}', '4:7 keep: expected runs, days or both, found no keys'],
    [
      'a key that may be a secret, whatever its value',
      'notify: {ping: &p https://hc.example/x}\n"what is this!": &a 5',
      '5:21 …: anchors',
    ],
    ['no notification', 'notify: {}', '4:9 notify: expected ping, webhook or command, found no keys'],
    ['an empty list', 'holds: []', '4:8 holds: expected a list of paths, at least one, found an empty list'],
    ['a wrong item', 'holds: [a.csv, {b: c}]', '4:16 holds[1]: expected a path, found keys and values'],
    [
      'the same report twice',
      'out: x\nreports: [summary.json, summary.json]',
      '5:10 reports: expected a list of result files, each once',
    ],
    ['a duplicate key', 'rate: 5/s\nrate: 5/s', '5:1 "rate" stands twice'],
    ['an anchor', 'kind: &k video', '4:10 kind: anchors (&), aliases (*) and tags (!) are not read here'],
    ['an alias', 'kind: &k video\nmode: *k', '5:7 mode: anchors (&), aliases (*)'],
    ['a tag', 'attempts: !!int 5', 'attempts: anchors (&), aliases (*) and tags (!) are not read here'],
    ['a merge key', '<<: {rate: 5/s}', '4:1 (a name that is not shown) is not a key here'],
    ['a key that is a list', '? [a]\n: b', '4:3 this is not a key'],
    ['a key that JavaScript would take for itself', '__proto__: {mode: hard}', '4:1 this is not a key'],
    [
      'something that cannot be seen',
      'out: "a\\u202eb"',
      '4:6 out: has a character that cannot be seen: "a<U+202E>b"',
    ],
    ['a null byte', 'out: "a\\0b"', '4:6 out: has a character that cannot be seen'],
    ['standard input', 'holds: "-"', '4:8 holds: expected a path; a job has no standard input'],
    ['a home folder', 'apiKeyFile: ~/key', 'apiKeyFile: expected a path without "~"'],
    ['a metrics file that nobody collects', 'metrics: a.txt', 'metrics: expected a path that ends in .prom'],
    ['an unknown placeholder', 'out: "{jbo}/x"', 'out: expected a path with no other braces'],
    [
      'reports without out',
      'reports: [summary.json]',
      '4:10 reports: says which files go to "out", but there is no "out"',
    ],
    ['a broken list', 'rate: [', 'is not plain YAML'],
    ['a second document', '---\na: b', 'is not plain YAML'],
    [
      'hours without a zone',
      'window: {hours: 22:00-05:00}',
      '4:1 window.timeZone: missing; expected an IANA time zone',
    ],
    [
      'hours that are none',
      'window: {hours: 22-5, timeZone: UTC}',
      '4:17 window.hours: expected hours such as 22:00-05:00',
    ],
    ['an hour 25', 'window: {hours: 25:00-26:00, timeZone: UTC}', 'window.hours: expected hours'],
    [
      'a day twice',
      'window: {days: [mon, mon], hours: 22:00-05:00, timeZone: UTC}',
      'window.days: expected a list of days, each once',
    ],
    [
      'a day that is none',
      'window: {days: mond, hours: 22:00-05:00, timeZone: UTC}',
      'window.days: expected a day such as mon',
    ],
    [
      'a zone that is none',
      'window: {hours: 22:00-05:00, timeZone: Europe/Berln}',
      'or UTC (did you mean Europe/Berlin?), found "Europe/Berln"',
    ],
    [
      'a zone in small letters',
      'window: {hours: 22:00-05:00, timeZone: europe/berlin}',
      '(did you mean Europe/Berlin?)',
    ],
    [
      'a zone without summer time',
      'window: {hours: 22:00-05:00, timeZone: EST}',
      'window.timeZone: expected',
    ],
    ['an offset', 'window: {hours: 22:00-05:00, timeZone: "+01:00"}', 'window.timeZone: expected'],
    [
      'an unencrypted API',
      'baseUrl: http://tavusapi.com',
      '4:10 baseUrl: The base URL (tavusapi.com) would send the API key unencrypted',
    ],
    [
      'a ping with a password',
      'notify: {ping: "https://u:p@hc.example/x"}',
      '4:16 notify.ping: The URL of notify.ping has a user or a password',
    ],
    [
      'an unencrypted webhook',
      'notify: {webhook: {url: http://hooks.example/x}}',
      '4:25 notify.webhook.url: The URL',
    ],
  ])('for %s', async (_what, lines, expected) => {
    expect(await refusalOf(`${SMALL}${lines}\n`)).toContain(`job.yaml:`);
    expect(await refusalOf(`${SMALL}${lines}\n`)).toContain(expected);
  });

  test.each([
    ['', 'job.yaml:1:1 expected keys such as "name: nightly", found nothing'],
    ['- a\n', 'job.yaml:1:1 expected keys such as "name: nightly", found a list'],
    ['&a\nname: x\n', 'anchors (&)'],
    ['%YAML 1.1\n---\nname: x\n', 'job.yaml:1:1 a %YAML directive is not read here'],
    ['manifests: drop\nlimits: {deletions: 5}\n', 'job.yaml:1:1 name: missing; expected 1 to 64 lower-case'],
    [
      'name: a\nlimits: {deletions: 5}\n',
      'job.yaml:1:1 manifests: missing; expected a path or a list of paths',
    ],
    ['name: a\nmanifests: b\n', 'limits: missing; expected keys such as "deletions: 500"'],
    [
      'name: a\nmanifests: b\nlimits: {growth: 2}\n',
      'job.yaml:3:1 limits.deletions: missing; expected a whole number',
    ],
    [
      'name: a\nmanifests: b\nlimits: {deletions: unlimited}\n',
      'limits.deletions: expected a whole number from 0 to 999999999, found "unlimited"',
    ],
    ['name: A\nmanifests: b\nlimits: {deletions: 5}\n', 'job.yaml:1:7 name: expected 1 to 64 lower-case'],
    ['name: ../a\nmanifests: b\nlimits: {deletions: 5}\n', 'job.yaml:1:7 name: expected 1 to 64 lower-case'],
    [
      'name: 5\nmanifests: b\nlimits: {deletions: 5}\n',
      'found 5; a text that looks like a number or a word of YAML needs quotes',
    ],
    [
      'name: a\nmanifests: b\nlimits: {deletions: 5, growth: 0.5}\n',
      'job.yaml:3:32 limits.growth: expected a number from 1 to 1000, found 0.5',
    ],
    [
      'name: a\nmanifests: b\nmode: hard\nlimits: {deletions: 5}\n',
      'job.yaml:4:1 limits.hardDeletions: missing; a job with "mode: hard"',
    ],
    [
      'name: a\nmanifests: b\nlimits: {deletions: 5, hardDeletions: 6}\n',
      'job.yaml:3:39 limits.hardDeletions: expected at most limits.deletions (5), found 6',
    ],
    [
      'name: a\nmanifests: [x/*/../y.csv]\nlimits: {deletions: 5}\n',
      'job.yaml:2:13 manifests[0]: expected a glob that does not go back',
    ],
  ])('%j', async (text, expected) => {
    expect(await refusalOf(text)).toContain(expected);
  });

  test('every problem is listed in the order of the file; after twenty the rest is counted', async () => {
    const text = await refusalOf(`raet: 5/s\nmode: HARD\nrate: x\nrate: y\nname: &a b\nattempts: 0\n`);
    const places = [...text.matchAll(/job\.yaml:(\d+)/g)].map(([, line]) => Number(line));
    expect(places).toEqual(places.toSorted((one, other) => one - other));
    expect(new Set(places)).toEqual(new Set([1, 2, 3, 4, 5, 6]));
    const many = Array.from({ length: 26 }, (_, index) => `x${'a'.repeat(index)}: 1\n`).join('');
    const listed = await refusalOf(`${SMALL}${many}`);
    expect(listed.match(/is not a key here/g)).toHaveLength(20);
    expect(listed).toContain('… and 6 more');
  });

  test('a glob in a folder that looks like a glob itself', async () => {
    const folder = path.join(await temporaryFolder(), 'a[1]{b}');
    mkdirSync(folder);
    const file = path.join(folder, 'job.yaml');
    writeFileSync(file, 'name: a\nmanifests: "*.csv"\nout: x\nlimits: {deletions: 5}\n');
    const text = await refusalOfFile(file);
    expect(text).toContain('manifests: the folder of the job file has a wildcard in its name');
    expect(text).toContain('out: the folder of the job file has braces in its name');
  });
});

describe('a key', () => {
  test.each([
    `apiKey: ${KEY}`,
    `token: ${KEY}`,
    `notify: {secret: ${KEY}}`,
    `notify: {webhook: {url: https://hooks.example/x, secret: ${KEY}}}`,
    `apiKeyFile: ${KEY}`,
    `holds: [${KEY}]`,
    `rate: "5/s ${KEY}"`,
    `${KEY}: x`,
    `${KEY}: [&a x]`,
    `map: {${KEY}: x}`,
    `out: "out/{${KEY}}"`,
    `rate: [${KEY}`,
    `baseUrl: https://tavusapi.com/${KEY}`,
    `baseUrl: https://${KEY}@tavusapi.com`,
    `notify: {ping: "https://hc.example/x?token=${KEY}"}`,
    `notify: {ping: "https://hc.example/x?x=${KEY}"}`,
    `notify: {ping: "ftp://hc.example/${KEY}"}`,
    `notify: {command: [curl, -H, "x-api-key: ${KEY}"]}`,
    `notify: {command: [curl, --token=${KEY}]}`,
    `notify: {command: ${KEY}x}`,
    `notify: {ping: [${KEY}]}`,
    `timeout: !${KEY} x`,
  ])('in "%s" is refused and never repeated', async (line) => {
    const text = await refusalOf(`${SMALL}${line}\n`);
    // An open bracket is noticed on the line after it.
    expect(text).toMatch(/job\.yaml:[45]/);
    expect(text).not.toMatch(/a1b2c3d4/i);
  });
});

describe('a file that is no job file', () => {
  test('is refused: missing, a folder, a pipe, larger than 64 KiB, not UTF-8', async () => {
    const folder = await temporaryFolder();
    const named = (name: string): string => path.join(folder, name);
    writeFileSync(named('large.yaml'), `# ${'x'.repeat(65_536)}`);
    writeFileSync(named('latin1.yaml'), Buffer.from([0xe4, 0x0a]));
    execFileSync('mkfifo', [named('pipe.yaml')]);
    expect(await refusalOfFile(named('missing.yaml'))).toContain('cannot be read');
    expect(await refusalOfFile(folder)).toContain('it is not a regular file');
    expect(await refusalOfFile(named('pipe.yaml'))).toContain('it is not a regular file');
    expect(await refusalOfFile(named('large.yaml'))).toContain('larger than 65536 bytes');
    expect(await refusalOfFile(named('latin1.yaml'))).toContain('cannot be read');
  });

  test.each(['[', '{a: ', '- ', '? ', '!', '&'])('made of many "%s" is refused in time', async (piece) => {
    expect(await refusalOf(piece.repeat(Math.floor(60_000 / piece.length)))).toContain('job file');
  });
});
