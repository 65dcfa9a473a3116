import { mkdtemp, readdir, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { startProgram, type Ended } from '../cli/process.ts';
import { newCanary } from '../helpers/canary.ts';
import type { Proof, ProofResult } from '../helpers/proof.ts';
import { ECHOES, startEchoServer, type Echo } from './hostile-server.ts';

/** Purges against a server that says the key back in every way it can; a seed is one purge of 20 IDs. */
export const proof: Proof = {
  name: 'secrets',
  promises: [
    'The API key is in no file, log, title, argument, error or report, whatever the server sends back.',
  ],
  fullSeeds: 40,
  async run(budget) {
    const failures: string[] = [];
    const done = { purges: 0, requests: 0, samples: 0 };
    for (let seed = 1; seed <= budget.seeds; seed += 1) {
      if (seed > 1 && performance.now() >= budget.until) break;
      const purge = await onePurge(seed);
      done.purges += 1;
      done.requests += purge.requests;
      done.samples += purge.samples;
      failures.push(...purge.failures.map((failure) => `seed ${seed}: ${failure}`));
    }
    // Some purges are stopped by one of their first answers.
    if (done.requests < done.purges * 10) failures.push(`asleep: only ${done.requests} answers held the key`);
    if (process.platform === 'linux' && done.samples < done.purges * 10)
      failures.push(`asleep: arguments and titles were read only ${done.samples} times`);
    const figures = `${done.purges} purges, ${done.requests} answers with the key in them, arguments and titles read ${done.samples} times`;
    return { figures, failures };
  },
};

const IDS = 20;

async function onePurge(
  seed: number,
): Promise<ProofResult & { readonly requests: number; readonly samples: number }> {
  const canary = newCanary();
  const folder = await mkdtemp(join(tmpdir(), 'tavus-purge-secrets-'));
  const server = await startEchoServer(echoesOf(seed));
  const env = {
    TAVUS_API_KEY: canary.key,
    TAVUS_BASE_URL: server.origin,
    TAVUS_PURGE_STATE_DIR: join(folder, 'state'),
    TAVUS_PURGE_ATTEMPTS: '2',
    TAVUS_PURGE_RATE: '1000/s',
    TAVUS_PURGE_MAX_DURATION: '3s',
  };
  const run = (...args: readonly string[]): Promise<Ended> => {
    const { child, ended } = startProgram(args, env);
    canary.watch(child);
    return ended;
  };
  try {
    const manifest = join(folder, 'manifest.csv');
    const ids = Array.from({ length: IDS }, (_, index) => (0xa0000000 + index).toString(16));
    await writeFile(manifest, `video_id\n${ids.join('\n')}\n`);
    const { runId = '', planId = '' } = JSON.parse((await run('plan', manifest, '--json')).stdout) as Record<
      string,
      string
    >;
    await run('apply', runId, '--confirm', planId, '--log-level', 'debug', '--json');
    await run('resume', runId, '--log-level', 'debug', '--log-format', 'text');
    await run('report', runId, '--out', join(folder, 'out'));
    await run('runs', 'show', runId, '--json');
    const written = await readdir(folder, { recursive: true });
    const failures = [...canary.hitsOfProcesses(), ...(await canary.hitsBelow(folder))];
    if (!written.some((name) => name.endsWith('results.csv')))
      failures.push('there are no results to search');
    const { length: requests } = server.requests;
    return { figures: '', failures, requests, samples: canary.samples() };
  } finally {
    await server.close();
    await rm(folder, { recursive: true, force: true });
  }
}

/** Another order for each seed, and in most of them without what stops a run at once. */
function echoesOf(seed: number): readonly Echo[] {
  const usable = ECHOES.filter((echo) => echo !== 'location' || seed % 5 === 0);
  return usable.map(
    (_, index) => usable[(index * (seed % 2 === 0 ? 1 : 7) + seed) % usable.length] ?? 'error',
  );
}
