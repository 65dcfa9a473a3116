import { spawnSync } from 'node:child_process';
import { closeSync, mkdtempSync, openSync, rmSync, statfsSync, writeSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { messageOf } from '../../src/errors.ts';
import type { ProofBudget, ProofResult } from '../helpers/proof.ts';
import { recover } from './recover.ts';
import { STORAGE } from './storage-places.ts';
import { videos, World } from './world.ts';

const DISK = '8m';
const IDS = 60;

/** A real small disk that is full: before a run, and from the middle of one on. Needs a system that lets it mount one. */
export async function proveFullDisk(_budget: ProofBudget): Promise<ProofResult> {
  const disk = mkdtempSync(join(tmpdir(), 'tavus-purge-disk-'));
  const mounted = spawnSync('mount', ['-t', 'tmpfs', '-o', `size=${DISK}`, 'tmpfs', disk], {
    encoding: 'utf8',
  });
  try {
    if (mounted.status !== 0) return { figures: 'no full disk: it cannot be mounted here', failures: [] };
    const before = await fullBefore(disk);
    const amid = await fullAmid(disk);
    const failures = [
      ...before.map((problem) => `full before the run: ${problem}`),
      ...amid.problems.map((problem) => `full in the middle: ${problem}`),
    ];
    return { figures: `a real full disk before a run and after ${amid.requests} requests of one`, failures };
  } finally {
    if (mounted.status === 0) spawnSync('umount', [disk]);
    rmSync(disk, { recursive: true, force: true });
  }
}

async function fullBefore(disk: string): Promise<string[]> {
  const meant = videos(5);
  await using world = await World.open({ parent: disk });
  const plan = await world.plan(meant);
  const ballast = fill(disk, 500_000);
  const { code, stderr } = await world.apply(plan).ended;
  const { total } = world.sandbox.state().requests;
  rmSync(ballast);
  const problems: string[] = [];
  if (code !== STORAGE) problems.push(`exit code ${code}: ${stderr}`);
  if (total > 0) problems.push(`${total} requests were sent`);
  return [...problems, ...(await finish(world, plan, meant))];
}

async function fullAmid(
  disk: string,
): Promise<{ readonly problems: readonly string[]; readonly requests: number }> {
  const meant = videos(IDS, (index) => index % 3 === 0);
  await using world = await World.open({ parent: disk, latencyMs: [20, 20] });
  const plan = await world.plan(meant, { concurrency: 2 });
  const { child, ended } = world.apply(plan);
  const sent = (): number => world.sandbox.state().requests.total;
  while (sent() < 5 && child.exitCode === null) await sleep(2);
  const ballast = fill(disk, 0);
  const { code, stderr } = await ended;
  const requests = sent();
  rmSync(ballast);
  const problems: string[] = [];
  if (code !== STORAGE) problems.push(`exit code ${code}: ${stderr}`);
  if (requests >= IDS) problems.push('everything was sent nevertheless');
  return { problems: [...problems, ...(await finish(world, plan, meant))], requests };
}

async function finish(
  world: World,
  saved: Awaited<ReturnType<World['plan']>>,
  meant: ReturnType<typeof videos>,
): Promise<string[]> {
  const { stateDir, sandbox } = world;
  return [
    ...(await recover({ saved, stateDir, apiKey: sandbox.apiKey })),
    ...world.broken(saved.folder, meant, true),
  ];
}

/** Writes until only `left` bytes are free; gives the file to remove. */
function fill(disk: string, left: number): string {
  const path = join(disk, 'ballast');
  const file = openSync(path, 'w');
  const block = Buffer.alloc(4_096, 1);
  try {
    for (;;) {
      const { bavail, bsize } = statfsSync(disk);
      if (bavail * bsize <= left) break;
      writeSync(file, block);
    }
  } catch (thrown) {
    if (!messageOf(thrown).includes('ENOSPC')) throw thrown;
  } finally {
    closeSync(file);
  }
  return path;
}
