import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { parse } from 'yaml';
import { z } from 'zod';
import { JOB_NAMES, JOBS, readJob, readKit } from './kits.ts';

/** A validator made of the published schema alone, but for what zod cannot read back. */
async function publishedSchema(): Promise<z.ZodType> {
  const text = await readFile(join(JOBS, '../schemas/job.schema.json'), 'utf8');
  const unread = ['if', 'then', 'dependentRequired'];
  const schema = Object.entries(z.record(z.string(), z.unknown()).parse(JSON.parse(text)));
  return z.fromJSONSchema(Object.fromEntries(schema.filter(([name]) => !unread.includes(name))));
}

describe.each(JOB_NAMES)('jobs/%s.yaml', (name) => {
  test('is accepted by the program and by the published schema, which its first line names', async () => {
    const text = await readKit(`${name}.yaml`);
    expect((await readJob(name)).name).toBe(name);
    expect((await publishedSchema()).safeParse(parse(text))).toMatchObject({ success: true });
    const [, schema = ''] = /^# yaml-language-server: \$schema=(\S+)\n/.exec(text) ?? [];
    expect(JSON.parse(await readKit(schema))).toMatchObject({ title: 'tavus-purge job file' });
  });

  test('stays right when the suggested notifications are switched on', async () => {
    const text = await readKit(`${name}.yaml`);
    const on = text.replaceAll(/^# (?=notify:| {2})/gm, '');
    const value: unknown = parse(on.replace('<uuid>', '0b0f4f0e-6f0e-4a55-9a52-0a2f6a1f6f3c'));
    expect(value).toHaveProperty('notify');
    expect((await publishedSchema()).safeParse(value)).toMatchObject({ success: true });
  });

  test('takes all its paths from its own folder, names no key file, and ends before the next run begins', async () => {
    const job = await readJob(name);
    const paths = [...job.manifests, ...job.holds, job.out ?? '', job.metrics ?? ''];
    expect(paths.filter((path) => !path.startsWith(`${JOBS}/`))).toEqual([]);
    expect({ apiKeyFile: job.apiKeyFile, baseUrl: job.baseUrl }).toEqual({ apiKeyFile: null, baseUrl: null });
    expect(job.window !== null || typeof job.settings.maxDurationMs === 'number').toBe(true);
  });
});

test('the nightly job never deletes for good, and the others only a few', async () => {
  const limits = await Promise.all(JOB_NAMES.map(async (name) => (await readJob(name)).limits));
  expect(limits).toEqual([
    { deletions: 500, hardDeletions: 0, growth: 3 },
    { deletions: 50, hardDeletions: 50, growth: 2 },
    { deletions: 20, hardDeletions: 20, growth: 3 },
  ]);
});
