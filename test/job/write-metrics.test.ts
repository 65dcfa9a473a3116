import { chmod, mkdir, readdir, readFile, stat, symlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { PurgeError } from '../../src/errors.ts';
import { metricsText } from '../../src/job/metrics-text.ts';
import { checkMetricsFile, writeMetrics } from '../../src/job/write-metrics.ts';
import { temporaryFolder } from '../helpers/temporary-folder.ts';
import { jobEnd } from './job-end.ts';

function metricsOf(job: string): { readonly job: string; readonly text: string } {
  return { job, text: metricsText(jobEnd({ job }), { lastSuccessAt: null, notificationFailures: [] }) };
}

async function refusalOf(work: Promise<unknown>): Promise<PurgeError> {
  const thrown: unknown = await work.then(
    () => undefined,
    (error: unknown) => error,
  );
  if (thrown instanceof PurgeError && thrown.next !== undefined) return thrown;
  throw new Error('no PurgeError with a next step', { cause: thrown });
}

describe('writeMetrics', () => {
  test('every user can read the file, whatever the umask is, and nothing else is left', async () => {
    const folder = await temporaryFolder();
    const before = process.umask(0o077);
    try {
      await writeMetrics(join(folder, 'nightly.prom'), metricsOf('nightly'));
    } finally {
      process.umask(before);
    }
    expect((await stat(join(folder, 'nightly.prom'))).mode & 0o777).toBe(0o644);
    expect(await readFile(join(folder, 'nightly.prom'), 'utf8')).toBe(metricsOf('nightly').text);
    expect(await readdir(folder)).toEqual(['nightly.prom']);
  });

  test('a reader finds the old or the new metrics, never a part', async () => {
    const path = join(await temporaryFolder(), 'nightly.prom');
    const wanted = metricsOf('nightly');
    await writeMetrics(path, wanted);
    const writing = new AbortController();
    const seen = new Set<string>();
    const reading = (async () => {
      while (!writing.signal.aborted) seen.add(await readFile(path, 'utf8'));
    })();
    for (let round = 0; round < 10; round += 1) await writeMetrics(path, wanted);
    writing.abort();
    await reading;
    expect([...seen]).toEqual([wanted.text]);
  });

  test('the metrics of another job are not written over', async () => {
    const path = join(await temporaryFolder(), 'purge.prom');
    await writeMetrics(path, metricsOf('weekly'));
    await writeMetrics(path, metricsOf('weekly'));
    const { kind, message } = await refusalOf(writeMetrics(path, metricsOf('nightly')));
    expect([kind, message]).toEqual(['refused', `${path} holds the metrics of the job "weekly"`]);
    expect(await readFile(path, 'utf8')).toBe(metricsOf('weekly').text);
    expect((await refusalOf(checkMetricsFile(path, 'nightly'))).kind).toBe('refused');
  });

  test('a file without metrics of ours is replaced', async () => {
    const path = join(await temporaryFolder(), 'nightly.prom');
    await writeFile(path, '');
    await writeMetrics(path, metricsOf('nightly'));
    expect(await readFile(path, 'utf8')).toBe(metricsOf('nightly').text);
  });

  test('nothing is written through a link', async () => {
    const folder = await temporaryFolder();
    await writeFile(join(folder, 'victim'), 'precious');
    await symlink(join(folder, 'victim'), join(folder, 'nightly.prom'));
    const { kind } = await refusalOf(writeMetrics(join(folder, 'nightly.prom'), metricsOf('nightly')));
    expect(kind).toBe('refused');
    expect(await readFile(join(folder, 'victim'), 'utf8')).toBe('precious');
  });
});

describe('checkMetricsFile', () => {
  test('takes a file in a folder that is there, and makes none', async () => {
    const folder = await temporaryFolder();
    await checkMetricsFile(join(folder, 'nightly.prom'), 'nightly');
    expect(await readdir(folder)).toEqual([]);
  });

  test('a name that node_exporter does not read is wrong', async () => {
    const { kind, message } = await refusalOf(checkMetricsFile('/var/lib/node/nightly.txt', 'nightly'));
    expect([kind, message]).toEqual([
      'usage',
      'The metrics file /var/lib/node/nightly.txt does not end in .prom.',
    ]);
  });

  test('a folder that is not there, and a folder in the place of the file, are told', async () => {
    const folder = await temporaryFolder();
    expect((await refusalOf(checkMetricsFile(join(folder, 'none', 'nightly.prom'), 'nightly'))).kind).toBe(
      'storage',
    );
    await mkdir(join(folder, 'nightly.prom'));
    expect((await refusalOf(checkMetricsFile(join(folder, 'nightly.prom'), 'nightly'))).kind).toBe('refused');
  });

  test('a file that cannot be read is told, unless this user may read everything', async () => {
    const path = join(await temporaryFolder(), 'nightly.prom');
    await writeFile(path, metricsOf('weekly').text);
    await chmod(path, 0);
    // root reads it, and finds another job's metrics.
    expect((await refusalOf(checkMetricsFile(path, 'nightly'))).kind).toMatch(/^(?:storage|refused)$/);
  });
});
