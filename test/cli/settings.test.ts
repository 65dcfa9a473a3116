import { chmodSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { describe, expect, test } from 'vitest';
import { findKey, requireKey } from '../../src/cli/api-key.ts';
import { resolveSettings, type GivenFlags, type Settings } from '../../src/cli/settings.ts';
import { defaultStateDir, type Environment } from '../../src/cli/state-dir.ts';
import { PurgeError } from '../../src/errors.ts';
import { temporaryFolder } from '../helpers/temporary-folder.ts';

const NO_FLAGS: GivenFlags = new Map();
const KEY = 'canary-a1b2c3d4e5f6';

async function configFile(text: string): Promise<string> {
  const file = path.join(await temporaryFolder(), 'purge.yaml');
  writeFileSync(file, text);
  return file;
}

async function refusedSettings(flags: GivenFlags, env: Environment): Promise<PurgeError> {
  const thrown: unknown = await resolveSettings(flags, env).catch((error: unknown) => error);
  if (!(thrown instanceof PurgeError)) throw new Error('was not refused', { cause: thrown });
  expect(thrown.exitCode).toBe(2);
  return thrown;
}

/** What is said about a config file that must be refused, without its folder. */
async function refusalOf(text: string): Promise<string> {
  const file = await configFile(text);
  const error = await refusedSettings(new Map([['config', [file]]]), {});
  return [error.message, ...error.details].join('\n').replaceAll(path.dirname(file), '');
}

async function keyFile(text: string, mode = 0o600): Promise<string> {
  const file = path.join(await temporaryFolder(), 'key');
  writeFileSync(file, text);
  chmodSync(file, mode);
  return file;
}

function withFile(file: string): Promise<Settings> {
  return resolveSettings(new Map([['apiKeyFile', [file]]]), {});
}

describe('precedence', () => {
  test('a flag wins over the environment, which wins over the config file, which wins over the default', async () => {
    const file = await configFile('rate: 1/s\nconcurrency: 2\ntimeout: 3s\n');
    const flags: GivenFlags = new Map([
      ['config', [file]],
      ['rate', ['9/s']],
    ]);
    const env = { TAVUS_PURGE_RATE: '8/s', TAVUS_PURGE_CONCURRENCY: '8' };
    const { values, settings } = await resolveSettings(flags, env);
    expect(values.rate).toEqual({ count: 9, windowMs: 1000 });
    expect(values.concurrency).toBe(8);
    expect(values.timeout).toBe(3000);
    expect(values.attempts).toBe(4);
    expect(settings.rate.origins).toEqual([{ from: 'flag', where: '--rate' }]);
    expect(settings.concurrency.origins).toEqual([{ from: 'environment', where: 'TAVUS_PURGE_CONCURRENCY' }]);
    expect(settings.timeout.origins).toEqual([{ from: 'config file', where: `${file}:3:10` }]);
    expect(settings.attempts.origins).toEqual([{ from: 'default', where: '' }]);
  });

  test('hold files add up, so that none is lost', async () => {
    const file = await configFile('hold: [a.csv, b.csv]\n');
    const flags: GivenFlags = new Map([
      ['config', [file]],
      ['hold', ['d.csv']],
    ]);
    const { values } = await resolveSettings(flags, { TAVUS_PURGE_HOLD: 'c.csv' });
    const folder = path.dirname(file);
    expect(values.hold).toEqual(['d.csv', 'c.csv', path.join(folder, 'a.csv'), path.join(folder, 'b.csv')]);
  });
});

describe('the environment', () => {
  test.each([
    [{ TAVUS_PURGE_RAET: '5/s' }, /RAET.*TAVUS_PURGE_RATE/s],
    [{ TAVUS_PURGE_RATE: '' }, /empty/],
    [{ TAVUS_BASE_URL: '' }, /empty/],
    [{ TAVUS_PURGE_MAX_DELETIONS: '1e3' }, /whole number/],
    [{ TAVUS_PURGE_DRY_RUN: 'yes' }, /"true" or "false"/],
    [{ tavus_purge_mode: 'hard' }, /no option/],
    [{ TAVUS_PURGE_API_KEY: KEY }, /TAVUS_API_KEY/],
  ])('%j is refused', async (env, expected) => {
    const thrown = await refusedSettings(NO_FLAGS, env);
    expect(`${thrown.message} ${thrown.next}`).toMatch(expected);
    expect(`${thrown.message} ${thrown.next}`).not.toContain(KEY);
  });
});

describe('a config file', () => {
  test.each([
    [
      'an unknown option',
      'rate: 5/s\nraet: 5/s\n',
      'purge.yaml:2:1 "raet" is not an option; did you mean rate?',
    ],
    [
      'a wrong value',
      'rate: fast\n',
      'purge.yaml:1:7 rate: expected a rate such as 5/s or 90/m, found "fast"',
    ],
    ['a number in another notation', 'max-deletions: 1e3\n', 'purge.yaml:1:16 max-deletions: expected'],
    ['a number that is a text', 'json: "yes"\n', 'purge.yaml:1:7 json: expected "true" or "false"'],
    ['a duplicate', 'rate: 5/s\nrate: 6/s\n', 'purge.yaml:2:1 is not plain YAML'],
    ['a list for a single option', 'rate: [5/s]\n', 'purge.yaml:1:7 rate: expected one plain value'],
    ['a nested value', 'hold:\n  - a: b\n', 'purge.yaml:2:3 hold: expected a list of plain values'],
    ['an empty value', 'rate:\n', 'rate: expected one plain value'],
    ['an alias', 'kind: &k video\nmode: *k\n', 'purge.yaml:1'],
    ['a config file in a config file', 'config: x.yaml\n', 'purge.yaml:1:1 "config" is not an option'],
    ['a list', '- rate\n', 'expected lines such as'],
    ['broken YAML', 'rate: [\n', 'is not plain YAML'],
    ['several documents', 'rate: 5/s\n---\nrate: 6/s\n', 'is not plain YAML'],
    ['a wish for YAML 1.1', '%YAML 1.1\n---\nrate: 5/s\n', 'purge.yaml:1:1 a %YAML directive'],
    ['the wrong case of an option', 'maxDeletions: 5\n', 'is not an option; did you mean max-deletions?'],
  ])('with %s is refused at its place', async (_what, text, expected) => {
    expect(await refusalOf(text)).toContain(expected);
  });

  test('every problem is listed, not only the first', async () => {
    const text = await refusalOf('raet: 5/s\nmode: HARD\nattempts: 0\n');
    for (const place of ['purge.yaml:1:1', 'purge.yaml:2:7', 'purge.yaml:3:11'])
      expect(text).toContain(place);
  });

  test.each([
    `api-key: ${KEY}`,
    `apiKey: ${KEY}`,
    `API_KEY: ${KEY}`,
    `x-api-key: ${KEY}`,
    `token: ${KEY}`,
    'api-key-file: a1b2c3d4e5f6a7b8c9d0',
    'out: canarya1b2c3d4e5f6a7b8c9',
    `tavus: {apiKey: ${KEY}}`,
    `rate: [${KEY}`,
    `${KEY}: x`,
    `api-key ${KEY}`,
  ])('with "%s" is refused and the key never repeated', async (line) => {
    const text = await refusalOf(`rate: 5/s\n${line}\n`);
    expect(text).toContain('purge.yaml:2');
    expect(text).not.toMatch(/canary[-a]|a1b2c3d4e5f6a7/);
  });

  test('that is missing, a folder, too large or not UTF-8 is refused', async () => {
    const folder = await temporaryFolder();
    writeFileSync(path.join(folder, 'large.yaml'), `# ${'x'.repeat(70_000)}`);
    writeFileSync(path.join(folder, 'latin1.yaml'), Buffer.from([0xe4, 0x0a]));
    for (const name of ['missing.yaml', '.', 'large.yaml', 'latin1.yaml']) {
      const flags: GivenFlags = new Map([['config', [path.join(folder, name)]]]);
      expect(await refusedSettings(flags, {})).toHaveProperty('next');
    }
  });

  test('an empty one changes nothing', async () => {
    const { values } = await resolveSettings(new Map([['config', [await configFile('# nothing\n')]]]), {});
    expect(values.mode).toBe('soft');
  });
});

describe('the API key', () => {
  test('of a file loses one trailing newline and nothing else', async () => {
    expect(findKey(await withFile(await keyFile(`${KEY}\n`)), {})?.key).toBe(KEY);
    expect(findKey(await withFile(await keyFile(`${KEY}\r\n`, 0o440)), {})?.key).toBe(KEY);
    for (const text of [`${KEY}\n\n`, ` ${KEY}`, '', '\n', `${KEY}\0`]) {
      const settings = await withFile(await keyFile(text));
      expect(() => findKey(settings, {})).toThrow(/not shown/);
    }
  });

  test('in a file that every user can read or write is refused', async () => {
    for (const mode of [0o644, 0o604, 0o602]) {
      const settings = await withFile(await keyFile(KEY, mode));
      expect(() => findKey(settings, {})).toThrow(/open to every user/);
    }
  });

  test('of a flag wins over TAVUS_API_KEY, which wins over a config file', async () => {
    const env = { TAVUS_API_KEY: 'another-key-1234' };
    const file = await keyFile(KEY);
    expect(findKey(await withFile(file), env)?.key).toBe(KEY);
    const config = await configFile(`api-key-file: ${file}\n`);
    const fromConfig = await resolveSettings(new Map([['config', [config]]]), {});
    expect(findKey(fromConfig, env)?.key).toBe('another-key-1234');
    expect(findKey(fromConfig, {})?.key).toBe(KEY);
  });

  test('from two places in the environment is refused', async () => {
    const settings = await resolveSettings(NO_FLAGS, { TAVUS_PURGE_API_KEY_FILE: await keyFile(KEY) });
    expect(() => findKey(settings, { TAVUS_API_KEY: KEY })).toThrow(/both set/);
  });

  test('that is missing or empty is said with the way to give one', async () => {
    const settings = await resolveSettings(NO_FLAGS, {});
    expect(findKey(settings, { TAVUS_API_KEY: '' })).toBeUndefined();
    expect(() => requireKey(settings, {})).toThrow('There is no API key.');
    expect(() => requireKey(settings, { TAVUS_API_KEY: '' })).toThrow('TAVUS_API_KEY is empty.');
  });
});

test('the state folder follows XDG, and ignores a relative value as the specification asks', () => {
  expect(defaultStateDir({ XDG_STATE_HOME: '/state' }, 'linux')).toBe('/state/tavus-purge');
  expect(defaultStateDir({ XDG_STATE_HOME: 'state' }, 'linux')).toMatch(/\/\.local\/state\/tavus-purge$/);
});
