import { once } from 'node:events';
import { setTimeout as sleep } from 'node:timers/promises';
import { EXIT_CODES } from '../../src/errors.ts';
import { randomFor } from '../../src/sandbox/random.ts';
import type { Proof, ProofBudget, ProofResult } from '../helpers/proof.ts';
import { lifeCount } from './oracle.ts';
import { videos, World } from './world.ts';

/** How much one run is made to suffer. */
export interface Kill9Size {
  readonly ids: number;
  /** Kills at most; the life after the last one meets no trouble and ends. */
  readonly mostKills: number;
  /** A life is killed after this many requests at most. */
  readonly mostRequestsALife: number;
}

const FULL: Kill9Size = { ids: 40, mostKills: 11, mostRequestsALife: 12 };

/** Processes killed with SIGKILL in the middle of an apply, then `resume` until the plan is done. */
export const kill9: Proof = {
  name: 'kill9',
  promises: [
    'kill -9 at any moment loses nothing and invents nothing: one true row for every ID',
    'no ID outside the plan is ever sent, and none after its outcome was recorded',
  ],
  fullSeeds: 200,
  run: (budget) => proveKill9(budget, FULL),
};

/** One run for each seed, one after the other. */
export async function proveKill9(budget: ProofBudget, size: Kill9Size): Promise<ProofResult> {
  const failures: string[] = [];
  const sum = { runs: 0, kills: 0, lives: 0, requests: 0, deleted: 0 };
  for (let seed = 1; seed <= budget.seeds && performance.now() < budget.until; seed += 1) {
    const run = await killUntilDone(seed, size);
    sum.runs += 1;
    sum.kills += run.kills;
    sum.lives += run.lives;
    sum.requests += run.requests;
    sum.deleted += run.deleted;
    failures.push(...run.problems.map((problem) => `seed ${seed}: ${problem}`));
  }
  if (sum.runs > 0 && sum.kills === 0) failures.push('no kill hit: nothing was proven');
  const { runs, kills, lives, requests, deleted } = sum;
  return {
    figures: `${runs} runs, ${kills} kills, ${lives} process lives, ${requests} requests, ${deleted} deletions`,
    failures,
  };
}

interface KilledRun {
  readonly kills: number;
  readonly lives: number;
  readonly requests: number;
  readonly deleted: number;
  readonly problems: readonly string[];
}

async function killUntilDone(seed: number, size: Kill9Size): Promise<KilledRun> {
  const random = randomFor(seed, 'kill9');
  await using world = await World.open({
    seed,
    latencyMs: [0, 30],
    throttle: { rate: 0.04, retryAfter: '0' },
    errors: { rate: 0.06, appliedShare: 0.5 },
    resetBefore: 0.04,
    resetAfter: 0.06,
  });
  const { sandbox } = world;
  const meant = videos(size.ids, () => random() < 0.3);
  const plan = await world.plan(meant);
  const problems: string[] = [];
  let kills = 0;
  let lives = 0;
  for (let isDone = false; !isDone;) {
    lives += 1;
    const isLast = lives > size.mostKills;
    if (isLast) sandbox.set({ errors: null, resetBefore: null, resetAfter: null, throttle: null });
    const sent = (): number => sandbox.state().requests.total;
    const { child, ended } =
      lifeCount(plan.folder) > 0 ? world.start('resume', plan.runId) : world.apply(plan);
    const gone = once(child, 'exit');
    if (!isLast) {
      // Mostly after some requests, and then anywhere in the turns of the event loop that follow; else at any time.
      const wanted = sent() + 1 + Math.floor(random() * size.mostRequestsALife);
      if (random() < 0.2) await sleep(random() * 600);
      else while (child.exitCode === null && sent() < wanted) await sleep(1);
      await sleep(random() * 15);
      if (child.kill('SIGKILL')) await gone;
      if (child.signalCode === 'SIGKILL') kills += 1;
    }
    const { code, stderr } = await ended;
    // 4: the life before was killed between its very last record and its end, so there is nothing to resume. What it
    // left is judged below like any other end.
    const wasFinished = code === EXIT_CODES.refused && stderr.includes('is finished');
    isDone = code === 0 || code === 3 || wasFinished;
    // A killed process has no code; 5 (an outage, by chance) is for resume as well.
    if (!isDone && code !== null && code !== 5) problems.push(`exit code ${code}: ${stderr.trim()}`);
    if (!isDone && (isLast || problems.length > 0)) {
      problems.push('the run did not end');
      isDone = true;
    }
  }
  problems.push(...world.broken(plan.folder, meant, true));
  const { requests, deleted } = sandbox.state();
  return { kills, lives, requests: requests.total, deleted: deleted.length, problems };
}
