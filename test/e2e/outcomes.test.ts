/** Every outcome and every exit code of the contract, made by the real process against the real sandbox. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { appendFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { EXIT_CODES } from '../../src/errors.ts';
import { OUTCOMES } from '../../src/types.ts';
import type { Ended } from '../cli/process.ts';
import { newPurge, videoIds, type Purge } from './purge-process.ts';

const seenExitCodes = new Set<number>();
const seenOutcomes = new Set<string>();

async function outcomesOf(
  purge: Purge,
  runId: string,
): Promise<Readonly<Record<string, string | undefined>>> {
  const rows = await purge.results(runId);
  for (const { outcome } of rows) if (outcome !== undefined) seenOutcomes.add(outcome);
  return Object.fromEntries(rows.map(({ id, outcome }) => [id, outcome]));
}

function exitsWith(ended: Ended, code: number): void {
  expect(ended.code, ended.stderr).toBe(code);
  seenExitCodes.add(code);
  if (code === EXIT_CODES.ok || code === EXIT_CODES.has_deletions) return;
  // Every non-zero exit says why, and what to do next.
  expect(ended.stderr).toMatch(/^next: /m);
}

test('every outcome has a row that tells it, and a run with rows that are not fine exits with 3', async () => {
  const [
    deleted = '',
    inferred = '',
    missing = '',
    refused = '',
    busy = '',
    lost = '',
    held = '',
    before = '',
  ] = videoIds(8);
  const purge = await newPurge({
    script: {
      [inferred]: ['reset-after'],
      [missing]: ['not_found'],
      [refused]: ['422'],
      [busy]: ['409', '409'],
      [lost]: ['503-applied', '503'],
    },
  });
  const holds = join(purge.folder, 'holds.csv');
  await writeFile(holds, `id\n${before}\n`);
  const manifest = await purge.manifest([deleted, inferred, missing, refused, busy, lost, held, before]);
  const { runId, confirm } = await purge.plan(
    manifest,
    '--hold',
    holds,
    '--attempts',
    '2',
    '--rate',
    '100/s',
  );
  await appendFile(holds, `${held}\n`);
  exitsWith(await purge.run('apply', runId, '--confirm', confirm), EXIT_CODES.partial);
  expect(await outcomesOf(purge, runId)).toEqual({
    [deleted]: 'deleted',
    [inferred]: 'deleted_inferred',
    [missing]: 'not_found',
    [refused]: 'rejected',
    [busy]: 'failed',
    [lost]: 'unknown',
    [held]: 'held',
    [before]: 'skipped',
  });
  const { deleted: truth } = await purge.sandbox.state();
  expect(truth.map(({ id }) => id).toSorted()).toEqual([deleted, inferred, lost].toSorted());
});

test('a run whose rows are all fine exits with 0; a preview can say with 10 that there is something to delete', async () => {
  const purge = await newPurge();
  const manifest = await purge.manifest(videoIds(3));
  exitsWith(await purge.run('plan', manifest, '--detailed-exitcode'), EXIT_CODES.has_deletions);
  const { runId, confirm } = await purge.plan(manifest);
  exitsWith(await purge.run('apply', runId, '--confirm', confirm), EXIT_CODES.ok);
  expect(new Set(Object.values(await outcomesOf(purge, runId)))).toEqual(new Set(['deleted']));
});

test('an unknown ID is fine when that was allowed', async () => {
  const [missing = ''] = videoIds(1);
  const purge = await newPurge({ script: { [missing]: ['not_found'] } });
  const { runId, confirm } = await purge.plan(await purge.manifest([missing]), '--allow-not-found');
  exitsWith(await purge.run('apply', runId, '--confirm', confirm), EXIT_CODES.ok);
});

test('a manifest with a bad row is exit 2 with its place, and nothing was sent', async () => {
  const purge = await newPurge();
  const manifest = await purge.manifest(
    'id,kind\n8a4f94e736,video\n../replicas/r79e1c033f?hard=true,video\n',
  );
  const ended = await purge.run('apply', manifest, '--confirm', '00000000');
  exitsWith(ended, EXIT_CODES.usage);
  expect(ended.stderr).toContain('manifest.csv:3:1');
  expect((await purge.sandbox.state()).requests.total).toBe(0);
});

test('a cap, a missing or a wrong confirmation is exit 4, and nothing was sent', async () => {
  const purge = await newPurge();
  const manifest = await purge.manifest(videoIds(3));
  exitsWith(await purge.run('plan', manifest, '--max-deletions', '2'), EXIT_CODES.refused);
  const { runId } = await purge.plan(manifest);
  exitsWith(await purge.run('apply', runId), EXIT_CODES.refused);
  exitsWith(await purge.run('apply', runId, '--confirm', '00000000'), EXIT_CODES.refused);
  expect((await purge.sandbox.state()).requests.total).toBe(0);
});

test('a run that is over its time is exit 5, and resume does the rest', async () => {
  const purge = await newPurge();
  const manifest = await purge.manifest(videoIds(30));
  const { runId, confirm } = await purge.plan(manifest, '--rate', '10/s');
  exitsWith(
    await purge.run('apply', runId, '--confirm', confirm, '--max-duration', '1s'),
    EXIT_CODES.interrupted,
  );
  const outcomes = Object.values(await outcomesOf(purge, runId));
  expect(outcomes).toContain('not_attempted');
  expect(await purge.summary(runId)).toMatchObject({ complete: false, stopReason: 'max_duration' });
  exitsWith(await purge.run('resume', runId, '--rate', '1000/s', '--max-duration', '1h'), EXIT_CODES.ok);
  expect(await purge.summary(runId)).toMatchObject({ complete: true, counts: { deleted: 30 }, requests: 30 });
  exitsWith(await purge.run('resume', runId), EXIT_CODES.refused);
});

test('a key that is refused in the middle of 10,000 IDs is seen by at most `--concurrency` requests, exit 6', async () => {
  const purge = await newPurge({ revokeKeyAfter: 2_000 });
  const manifest = await purge.manifest(videoIds(10_000));
  const { runId, confirm } = await purge.plan(
    manifest,
    '--rate',
    '100000/s',
    '--concurrency',
    '8',
    '--max-deletions',
    'unlimited',
  );
  exitsWith(await purge.run('apply', runId, '--confirm', confirm), EXIT_CODES.stopped);
  const { byStatus, total } = (await purge.sandbox.state()).requests;
  expect(byStatus['401']).toBeLessThanOrEqual(8);
  expect(total).toBeLessThanOrEqual(2_008);
  await outcomesOf(purge, runId);
  expect(await purge.summary(runId)).toMatchObject({
    stopReason: 'unauthorized',
    counts: { deleted: 2_000, not_attempted: 8_000 },
  });
});

test('a second run on the same target is exit 7 at once', async () => {
  const purge = await newPurge({ latencyMs: [300, 300] });
  const first = await purge.plan(await purge.manifest(videoIds(20)));
  const second = await purge.plan(await purge.manifest(videoIds(1, 100), 'other.csv'));
  const running = purge.start('apply', first.runId, '--confirm', first.confirm);
  while ((await purge.sandbox.state()).requests.total === 0)
    await new Promise((resolve) => setTimeout(resolve, 20));
  const refused = await purge.run('apply', second.runId, '--confirm', second.confirm);
  exitsWith(refused, EXIT_CODES.locked);
  expect(refused.stderr).toContain(first.runId);
  exitsWith(await running.ended, EXIT_CODES.ok);
  exitsWith(await purge.run('apply', second.runId, '--confirm', second.confirm), EXIT_CODES.ok);
});

test('a disk that takes no more is exit 8: nothing more is sent, nothing is lost, resume does the rest', async () => {
  const purge = await newPurge();
  const { runId, confirm } = await purge.plan(
    await purge.manifest(videoIds(3_000)),
    '--rate',
    '100000/s',
    '--max-deletions',
    'unlimited',
  );
  // The files of this process may not grow beyond 1 MB: run.db-wal will want to.
  const limited = await underLimit(purge, ['apply', runId, '--confirm', confirm], 1_000);
  exitsWith(limited, EXIT_CODES.storage);
  const sent = (await purge.sandbox.state()).requests.total;
  expect(sent).toBeGreaterThan(0);
  expect(sent).toBeLessThan(3_000);

  exitsWith(await purge.run('resume', runId), EXIT_CODES.ok);
  const outcomes = Object.values(await outcomesOf(purge, runId));
  expect(outcomes).toHaveLength(3_000);
  expect(new Set(outcomes)).toSatisfy((set: Set<string>) => set.has('deleted') && !set.has('not_found'));
});

test('a bug is exit 1, with what is known recorded', async () => {
  const purge = await newPurge({ script: { '*': ['503'] } });
  const { runId, confirm } = await purge.plan(await purge.manifest(videoIds(5)));
  const planted = 'data:text/javascript,Math.random=()=>{throw new Error("planted")}';
  exitsWith(
    await withNodeOptions(purge, ['--import', planted], ['apply', runId, '--confirm', confirm]),
    EXIT_CODES.bug,
  );
  await purge.sandbox.set({ script: null });
  exitsWith(await purge.run('resume', runId), EXIT_CODES.ok);
  expect(await purge.summary(runId)).toMatchObject({ complete: true, planned: 5 });
});

test('the tests above reached every exit code and every outcome, or they prove less than they say', () => {
  expect([...seenExitCodes].toSorted((a, b) => a - b)).toEqual(Object.values(EXIT_CODES));
  expect([...seenOutcomes].toSorted()).toEqual([...OUTCOMES, 'skipped'].toSorted());
});

function environmentOf(purge: Purge): Record<string, string> {
  return {
    TAVUS_API_KEY: purge.sandbox.apiKey,
    TAVUS_BASE_URL: purge.sandbox.url,
    TAVUS_PURGE_STATE_DIR: purge.stateDir,
  };
}

const PROGRAM = join(import.meta.dirname, '..', '..', 'bin', 'tavus-purge.js');

async function spawned(
  command: string,
  args: readonly string[],
  env: Record<string, string>,
): Promise<Ended> {
  const child = spawn(command, args, { env, stdio: ['ignore', 'pipe', 'pipe'] });
  let stderr = '';
  let stdout = '';
  child.stderr.setEncoding('utf8').on('data', (text: string) => (stderr += text));
  child.stdout.setEncoding('utf8').on('data', (text: string) => (stdout += text));
  const [code] = await once(child, 'close');
  return { code: Number(code), stdout, stderr };
}

/** The program with files limited to so many blocks of 1,024 bytes. */
function underLimit(purge: Purge, args: readonly string[], blocks: number): Promise<Ended> {
  const script = `ulimit -f ${blocks}; exec "$0" "$@"`;
  return spawned('bash', ['-c', script, process.execPath, PROGRAM, ...args], environmentOf(purge));
}

function withNodeOptions(purge: Purge, options: readonly string[], args: readonly string[]): Promise<Ended> {
  return spawned(process.execPath, [...options, PROGRAM, ...args], environmentOf(purge));
}
