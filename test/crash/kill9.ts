import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import type { SavedPlan } from '../../src/index.ts';
import { EXIT_CODES } from '../../src/errors.ts';
import { randomFor } from '../../src/sandbox/random.ts';
import type { Summary } from '../../src/types.ts';
import type { Proof, ProofBudget, ProofResult } from '../helpers/proof.ts';
import { remainsOf, type Remains } from './kill9-remains.ts';
import type { Meant } from './oracle.ts';
import { videos, World } from './world.ts';

/** How much one run is made to suffer. */
export interface Kill9Size {
  readonly ids: number;
  /** Kills at most; the life after the last one meets no trouble and ends. */
  readonly mostKills: number;
  /** A life is killed after this many requests at most. */
  readonly mostRequestsALife: number;
  /** The share of kills after which a report is asked for, before `resume`. */
  readonly reported: number;
}

const FULL: Kill9Size = { ids: 40, mostKills: 11, mostRequestsALife: 12, reported: 0.2 };

/** Processes killed with SIGKILL in the middle of an apply, then `resume` until the plan is done. */
export const kill9: Proof = {
  name: 'kill9',
  promises: [
    'kill -9 at any moment loses nothing and invents nothing: one true row for every ID, and a true report at any time',
    'no ID outside the plan is ever sent, and none after its outcome was recorded',
  ],
  fullSeeds: 200,
  run: (budget) => proveKill9(budget, FULL),
};

/** What was seen, added up over all runs. */
interface Seen {
  kills: number;
  lives: number;
  requests: number;
  deleted: number;
  /** Kills that left an intent without its end. */
  underWay: number;
  /** Kills that left a journal to recover. */
  journals: number;
  reports: number;
  /** Rows of those reports, by what they must say: that nothing is known yet, or that nothing was done yet. */
  unknown: number;
  notAttempted: number;
}

/** One run for each seed, one after the other. */
export async function proveKill9(budget: ProofBudget, size: Kill9Size): Promise<ProofResult> {
  const failures: string[] = [];
  const seen: Seen = {
    kills: 0,
    lives: 0,
    requests: 0,
    deleted: 0,
    underWay: 0,
    journals: 0,
    reports: 0,
    unknown: 0,
    notAttempted: 0,
  };
  let runs = 0;
  for (let seed = 1; seed <= budget.seeds && (runs === 0 || performance.now() < budget.until); seed += 1) {
    const problems = await killUntilDone(seed, size, seen);
    runs += 1;
    failures.push(...problems.map((problem) => `seed ${seed}: ${problem}`));
  }
  failures.push(...asleep(seen, Math.floor((runs * size.mostKills) / 4), size));
  const figures = [
    `${runs} runs`,
    `${seen.kills} kills (${seen.underWay} with a request under way, ${seen.journals} with a journal to recover)`,
    `${seen.reports} reports in between (${seen.notAttempted} rows not_attempted, ${seen.unknown} unknown)`,
    `${seen.lives} process lives`,
    `${seen.requests} requests`,
    `${seen.deleted} deletions`,
  ];
  return { figures: figures.join(', '), failures };
}

/** What did not happen often enough for the runs to mean anything. */
function asleep(seen: Seen, wantedKills: number, { reported }: Kill9Size): string[] {
  const reports = Math.floor((wantedKills * reported) / 2);
  const floors: readonly (readonly [what: string, times: number, floor: number])[] = [
    ['a kill', seen.kills, wantedKills],
    ['a kill with a request under way', seen.underWay, wantedKills / 4],
    ['a kill with a journal to recover', seen.journals, wantedKills / 4],
    ['a report after a kill', seen.reports, reports],
    ['a row that is not_attempted in such a report', seen.notAttempted, reports],
    ['a row that is unknown in such a report', seen.unknown, reports / 2],
  ];
  return floors
    .filter(([, times, floor]) => times < Math.floor(floor))
    .map(
      ([what, times, floor]) => `asleep: ${what} happened ${times} times, ${Math.floor(floor)} are needed`,
    );
}

async function killUntilDone(seed: number, size: Kill9Size, seen: Seen): Promise<string[]> {
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
  let hasBegun = false;
  let lives = 0;
  for (let isDone = false; !isDone;) {
    lives += 1;
    const isLast = lives > size.mostKills;
    if (isLast) sandbox.set({ errors: null, resetBefore: null, resetAfter: null, throttle: null });
    const sent = (): number => sandbox.state().requests.total;
    const { child, ended } = hasBegun ? world.start('resume', plan.runId) : world.apply(plan);
    const gone = once(child, 'exit');
    if (!isLast) {
      // Mostly after some requests, and then anywhere in the turns of the event loop that follow; else at any time.
      const wanted = sent() + 1 + Math.floor(random() * size.mostRequestsALife);
      if (random() < 0.2) await sleep(random() * 600);
      else while (child.exitCode === null && sent() < wanted) await sleep(1);
      await sleep(random() * 15);
      if (child.kill('SIGKILL')) await gone;
    }
    const { code, stderr } = await ended;
    const left = remainsOf(plan.folder);
    hasBegun = left.lives > 0;
    if (child.signalCode === 'SIGKILL') {
      seen.kills += 1;
      if (left.openIntents > 0) seen.underWay += 1;
      if (left.hasJournal) seen.journals += 1;
      if (hasBegun && random() < size.reported)
        problems.push(...(await judgeReport(world, { plan, meant, left }, seen)));
    }
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
  seen.lives += lives;
  seen.requests += requests.total;
  seen.deleted += deleted.length;
  return problems;
}

interface Killed {
  readonly plan: SavedPlan;
  readonly meant: readonly Meant[];
  readonly left: Remains;
}

/** Asks for the report of a run that was killed, which must be true as well. */
async function judgeReport(world: World, { plan, meant, left }: Killed, seen: Seen): Promise<string[]> {
  const { code, stderr } = await world.start('report', plan.runId).ended;
  if (code !== 0) return [`report: exit code ${code}: ${stderr.trim()}`];
  const summary = JSON.parse(readFileSync(join(plan.folder, 'summary.json'), 'utf8')) as Summary;
  seen.reports += 1;
  seen.notAttempted += summary.counts.not_attempted;
  seen.unknown += summary.counts.unknown;
  const isDone = left.pending === 0 && summary.complete;
  return world.broken(plan.folder, meant, isDone).map((problem) => `in the report after a kill: ${problem}`);
}
