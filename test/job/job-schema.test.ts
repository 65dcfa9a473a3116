import { readFile } from 'node:fs/promises';
import path from 'node:path';
import { writeFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { parse } from 'yaml';
import { z } from 'zod';
import { optionSpec } from '../../src/cli/options.ts';
import { jobJsonSchema, keysAt } from '../../src/job/job-schema.ts';
import { readJobFile } from '../../src/job/read-job-file.ts';
import { DEFAULT_BASE_URL } from '../../src/library/defaults.ts';
import { parseBaseUrl } from '../../src/tavus/target.ts';
import { temporaryFolder } from '../helpers/temporary-folder.ts';

const SMALL = { name: 'nightly', manifests: 'drop', limits: { deletions: 5 } };

async function committed(): Promise<Record<string, unknown>> {
  const text = await readFile(new URL('../../schemas/job.schema.json', import.meta.url), 'utf8');
  return z.record(z.string(), z.unknown()).parse(JSON.parse(text));
}

/** A validator made of the published file alone, but for what zod cannot read back. */
async function accepts(value: unknown): Promise<boolean> {
  const unread = ['if', 'then', 'dependentRequired'];
  const schema = Object.entries(await committed()).filter(([name]) => !unread.includes(name));
  return z.fromJSONSchema(Object.fromEntries(schema)).safeParse(value).success;
}

/** What the published file says of one key. */
function keyword(key: string, name: string): unknown {
  const schema: unknown = jobJsonSchema().properties?.[key];
  return typeof schema === 'object' && schema !== null ? Reflect.get(schema, name) : undefined;
}

/** The examples of docs/jobs.md that are whole job files. */
async function documentedJobs(): Promise<readonly string[]> {
  const page = await readFile(new URL('../../docs/jobs.md', import.meta.url), 'utf8');
  const blocks = [...page.matchAll(/```yaml\n([^]*?)```/g)].map(([, text = '']) => text);
  return blocks.filter((text) => text.includes('name:'));
}

test('schemas/job.schema.json is up to date (node tools/write-schemas.ts)', async () => {
  expect(await committed()).toEqual(JSON.parse(JSON.stringify(jobJsonSchema())));
});

describe('the published schema', () => {
  test.each([
    [SMALL, true],
    [{ ...SMALL, rate: '5/s', timeout: '1h30m', window: { hours: '22:00-05:00', timeZone: 'UTC' } }, true],
    [
      { ...SMALL, manifests: ['a', 'b'], window: { days: ['mon'], hours: '0:00-1:00', timeZone: 'UTC' } },
      false,
    ],
    [{ ...SMALL, raet: '5/s' }, false],
    [{ ...SMALL, rate: 'fast' }, false],
    [{ ...SMALL, limits: {} }, false],
    [{ ...SMALL, limits: { deletions: 'unlimited' } }, false],
    [{ ...SMALL, mode: 'HARD' }, false],
    [{ ...SMALL, concurrency: 257 }, false],
    [{ ...SMALL, notify: { webhook: {} } }, false],
    [{ name: 'nightly' }, false],
  ])('judges %j like the program', async (value, isRight) => {
    expect(await accepts(value)).toBe(isRight);
    const file = path.join(await temporaryFolder(), 'job.yaml');
    writeFileSync(file, JSON.stringify(value));
    const read = await readJobFile(file, { parseBaseUrl }).catch(() => undefined);
    expect(read !== undefined).toBe(isRight);
  });

  test('tells an editor what the program demands over several keys', async () => {
    const schema = await committed();
    expect(schema['if']).toMatchObject({ properties: { mode: { const: 'hard' } } });
    expect(schema['then']).toEqual({ properties: { limits: { required: ['hardDeletions'] } } });
    expect(schema['dependentRequired']).toEqual({ reports: ['out'] });
  });

  test('has the defaults and ranges of the options', () => {
    for (const name of ['rate', 'concurrency', 'attempts', 'timeout', 'mode'] as const) {
      expect(String(keyword(name, 'default'))).toBe(optionSpec(name).fallback);
    }
    expect(keyword('baseUrl', 'default')).toBe(DEFAULT_BASE_URL);
    for (const name of ['concurrency', 'attempts'] as const) {
      const { check } = optionSpec(name);
      expect(check(String(keyword(name, 'minimum'))).ok).toBe(true);
      expect(check(String(Number(keyword(name, 'minimum')) - 1)).ok).toBe(false);
      expect(check(String(keyword(name, 'maximum'))).ok).toBe(true);
      expect(check(String(Number(keyword(name, 'maximum')) + 1)).ok).toBe(false);
    }
  });

  test('describes every key', () => {
    const undescribed = keysAt([]).filter((key) => keyword(key, 'description') === undefined);
    expect(undescribed).toEqual([]);
    expect(keysAt(['notify', 'webhook'])).toEqual(['url', 'secretFile']);
    expect(keysAt(['name'])).toEqual([]);
  });
});

test('the examples of docs/jobs.md are right', async () => {
  const jobs = await documentedJobs();
  expect(jobs).toHaveLength(4);
  for (const text of jobs) {
    const file = path.join(await temporaryFolder(), 'job.yaml');
    writeFileSync(file, text);
    await expect(readJobFile(file, { parseBaseUrl })).resolves.toHaveProperty('name');
    expect(await accepts(parse(text))).toBe(true);
  }
});
