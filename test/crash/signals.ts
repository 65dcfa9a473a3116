import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { messageOf } from '../../src/errors.ts';
import { resumeRun, type SavedPlan } from '../../src/index.ts';
import type { SandboxOptions } from '../../src/sandbox/options.ts';
import type { ExecutionSettings, Summary } from '../../src/types.ts';
import type { Proof, ProofBudget, ProofResult } from '../helpers/proof.ts';
import { videos, World } from './world.ts';

const SIGNALS = ['SIGTERM', 'SIGINT', 'SIGHUP'] as const;
const TIMES = ['once', 'twice'] as const;

/** What a run is doing when the signal comes. */
interface Phase {
  readonly name: string;
  readonly ids: number;
  readonly sandbox: SandboxOptions;
  readonly settings?: Partial<ExecutionSettings>;
  /** Instead of applying the saved plan: what follows `apply`. */
  readonly args?: readonly string[];
  /** Rows of the manifest that are skipped, so that the report has much to write. */
  readonly invalidRows?: number;
  /** Seen from outside: what stands on stderr, what the sandbox was asked, what lies in the run folder. */
  isReached(seen: { readonly stderr: string; readonly requests: number; readonly folder: string }): boolean;
  readonly exitCode: number;
  /** After the first signal it ends by itself within this time. */
  readonly endsWithinMs: number;
  /** With two signals no request is answered before the run would end anyway: only giving them up ends it sooner. */
  readonly hangsAtSecond?: boolean;
}

/** A request that hangs: longer than the 20 seconds that a run waits after one signal (CONTRACT.md 9). */
const HANGS_MS = 60_000;
/** Half of those 20 seconds: a second signal that did nothing would need twice as long, on the slowest machine too. */
const GIVES_UP_WITHIN_MS = 10_000;

const PHASES: readonly Phase[] = [
  {
    name: 'planning',
    ids: 12,
    sandbox: { latencyMs: [300, 300] },
    args: ['--resolve'],
    isReached: ({ requests }) => requests > 0,
    exitCode: 5,
    endsWithinMs: 5_000,
  },
  {
    name: 'sending',
    ids: 30,
    sandbox: { latencyMs: [150, 150] },
    settings: { timeoutMs: HANGS_MS },
    hangsAtSecond: true,
    isReached: ({ requests }) => requests >= 4,
    exitCode: 5,
    endsWithinMs: 5_000,
  },
  {
    name: 'backing off',
    ids: 3,
    sandbox: { script: { '*': Array.from({ length: 12 }, () => '503') } },
    isReached: ({ stderr }) => stderr.split('will be tried again').length > 6,
    exitCode: 5,
    endsWithinMs: 5_000,
  },
  {
    name: 'paused',
    ids: 8,
    // It ends before the pause does.
    sandbox: { script: { '00a0000002': ['429:6'] } },
    settings: { concurrency: 1 },
    isReached: ({ stderr }) => stderr.includes('pause of 6'),
    exitCode: 5,
    endsWithinMs: 5_000,
  },
  {
    name: 'reporting',
    ids: 3,
    sandbox: {},
    invalidRows: 6_000,
    isReached: ({ folder }) => readdirSync(folder).some((name) => name.startsWith('.results.csv.')),
    exitCode: 0,
    endsWithinMs: 10_000,
  },
];

interface SignalCase {
  readonly phase: Phase;
  readonly signal: (typeof SIGNALS)[number];
  readonly times: (typeof TIMES)[number];
}

/** All combinations, once each, since 5, 3 and 2 have no common factor; neighbours differ in everything. */
const CASES: readonly SignalCase[] = Array.from({ length: 30 }, (_, index) =>
  PHASES.slice(index % 5, (index % 5) + 1).flatMap((phase) =>
    SIGNALS.slice(index % 3, (index % 3) + 1).flatMap((signal) =>
      TIMES.slice(index % 2, (index % 2) + 1).map((times) => ({ phase, signal, times })),
    ),
  ),
).flat();

/** Every signal, in every phase of a run, once and twice. */
export const signals: Proof = {
  name: 'signals',
  promises: [
    'a signal ends a run with exit code 5 and true results, whatever it is doing, and resume does the rest',
    'a second signal gives up what is in flight',
  ],
  fullSeeds: 30,
  run: proveSignals,
};

/** All cases, or the first `budget.seeds`; six have every phase, every signal and both times. */
export async function proveSignals(budget: ProofBudget): Promise<ProofResult> {
  const failures: string[] = [];
  let done = 0;
  let slowestMs = 0;
  for (const each of CASES.slice(0, budget.seeds)) {
    if (performance.now() > budget.until) break;
    const { problems, secondMs } = await runCase(each);
    done += 1;
    slowestMs = Math.max(slowestMs, secondMs);
    const name = `${each.signal} ${each.times} while ${each.phase.name}`;
    failures.push(...problems.map((problem) => `${name}: ${problem}`));
  }
  return {
    figures: `${done} of ${CASES.length} cases, at most ${Math.round(slowestMs)} ms from the second signal to the end`,
    failures,
  };
}

async function runCase({
  phase,
  signal,
  times,
}: SignalCase): Promise<{ problems: string[]; secondMs: number }> {
  const hangs = times === 'twice' && phase.hangsAtSecond === true;
  await using world = await World.open({
    ...phase.sandbox,
    ...(hangs ? { latencyMs: [HANGS_MS, HANGS_MS] as const } : {}),
  });
  const meant = videos(phase.ids);
  const plan = await world.plan(meant, phase.settings, phase.invalidRows);
  const { child, ended } = start(world, plan, phase);
  let stderr = '';
  child.stderr?.on('data', (text: string) => (stderr += text));
  const problems: string[] = [];

  const isReached = (): boolean =>
    phase.isReached({ stderr, requests: world.sandbox.state().requests.total, folder: plan.folder });
  const reachedInTime = await until(isReached, () => child.exitCode !== null);
  if (!reachedInTime) problems.push('the phase was not seen');
  let sentAt = performance.now();
  child.kill(signal);
  let secondMs = 0;
  if (times === 'twice') {
    await until(
      () => stderr.includes('ending cleanly'),
      () => child.exitCode !== null,
    );
    sentAt = performance.now();
    child.kill(signal);
  }
  const { code } = await ended;
  const ms = performance.now() - sentAt;
  if (times === 'twice') secondMs = ms;
  const limit = hangs ? GIVES_UP_WITHIN_MS : phase.endsWithinMs;
  if (ms > limit && phase.exitCode !== 0) problems.push(`took ${Math.round(ms)} ms to end`);

  if (code !== phase.exitCode)
    problems.push(`exit code ${code}, not ${phase.exitCode}: ${stderr.slice(-500)}`);
  if (code !== 0 && !/^next: /m.test(stderr)) problems.push('no next step was said');
  if (hangs && !hasUnknown(plan.folder)) problems.push('nothing was in flight that could be given up');
  problems.push(...(await finishAndJudge(world, plan, phase)));
  return { problems, secondMs };
}

function start(world: World, { runId, header }: SavedPlan, { args }: Phase): ReturnType<World['start']> {
  const what = args === undefined ? [runId] : [world.manifestPath, '--rate', '1000/s', ...args];
  return world.start('apply', ...what, '--confirm', header.planId.slice(0, 8), '--log-level', 'info');
}

/** Whether the report of a run has a row that was given up. */
function hasUnknown(folder: string): boolean {
  const { counts } = JSON.parse(readFileSync(join(folder, 'summary.json'), 'utf8')) as Summary;
  return counts.unknown > 0;
}

/** The sums of the interrupted run, and then its end with `resume`. */
async function finishAndJudge(world: World, plan: SavedPlan, phase: Phase): Promise<string[]> {
  const meant = videos(phase.ids);
  const { sandbox, stateDir } = world;
  if (phase.args !== undefined) {
    // It never came to a run: nothing was deleted.
    return sandbox.state().requests.deletes === 0 ? [] : ['something was deleted while planning'];
  }
  const problems = world.broken(plan.folder, meant, phase.exitCode === 0);
  if (phase.exitCode === 0) return problems;
  sandbox.set({ latencyMs: [0, 0], script: null });
  try {
    const { summary } = await resumeRun({ stateDir, apiKey: sandbox.apiKey, run: plan.runId }).finished;
    if (summary.exitCode !== 0)
      problems.push(`resume ended with ${summary.exitCode} (${summary.stopReason})`);
  } catch (thrown) {
    problems.push(`resume failed: ${messageOf(thrown)}`);
  }
  return [...problems, ...world.broken(plan.folder, meant, true)];
}

/** Waits for something to be seen; `false` when the process ended before, or after a long time. */
async function until(isSeen: () => boolean, isOver: () => boolean): Promise<boolean> {
  const deadline = performance.now() + 20_000;
  while (!isSeen()) {
    if (isOver() || performance.now() > deadline) return false;
    await sleep(2);
  }
  return true;
}
