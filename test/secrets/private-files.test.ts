import { lstat, readdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import { applyPlan, planPurge } from '../../src/index.ts';
import { startSandbox } from '../../src/sandbox/start-sandbox.ts';
import { newCanary } from '../helpers/canary.ts';
import { temporaryFolder } from '../helpers/temporary-folder.ts';

/** Everything below a folder that is not 0700 (folders) or 0600 (files). */
async function openBelow(folder: string): Promise<readonly string[]> {
  const names = await readdir(folder, { recursive: true });
  const modes = await Promise.all(
    ['.', ...names].map(async (name) => {
      const stats = await lstat(join(folder, name));
      const wanted = stats.isDirectory() ? 0o700 : 0o600;
      return (stats.mode & 0o777) === wanted ? undefined : `${name} ${(stats.mode & 0o777).toString(8)}`;
    }),
  );
  return modes.filter((mode) => mode !== undefined);
}

test.each([0o000, 0o077])(
  'with umask %i, whatever a purge makes is 0600 or 0700, and none of it holds the key',
  async (umask) => {
    const canary = newCanary();
    const sandbox = await startSandbox({ videos: 2, latencyMs: [300, 300], apiKeys: [canary.key] });
    onTestFinished(() => sandbox.close());
    const folder = await temporaryFolder();
    const [stateDir, out, manifest] = [join(folder, 'state'), join(folder, 'out'), join(folder, 'm.json')];
    await writeFile(manifest, JSON.stringify(sandbox.examples(2).videos));
    const before = process.umask(umask);
    onTestFinished(() => void process.umask(before));

    const { runId, header } = await planPurge({
      manifests: [manifest],
      kind: 'video',
      stateDir,
      baseUrl: sandbox.url,
    });
    const run = applyPlan({ stateDir, out, run: runId, apiKey: canary.key, confirm: header.planId });
    const seen = new Set<string>();
    for await (const { type } of run) {
      if (type !== 'started') continue;
      // In the middle of a run there are also the locks, and the journals of SQLite.
      for (const name of await readdir(stateDir, { recursive: true })) seen.add(name.replace(/.*\//, ''));
      expect(await openBelow(stateDir)).toEqual([]);
      expect(await canary.hitsBelow(stateDir)).toEqual([]);
    }
    expect((await run.finished).summary.counts.deleted).toBe(2);
    expect([...seen]).toEqual(
      expect.arrayContaining(['run.db-wal', 'run.db-shm', '.lock', 'ledger.db', 'plan.csv']),
    );
    expect([...(await openBelow(stateDir)), ...(await openBelow(out))]).toEqual([]);
    expect(await canary.hitsBelow(folder)).toEqual([]);
  },
);
