import { summarize } from '../../src/report/summary.ts';
import { allResults } from '../../src/report/result-row.ts';
import { readRecord } from '../../src/store/run-record.ts';
import type { ExecutionSettings, ResultRow, Summary } from '../../src/types.ts';
import type { LifeStory } from './history.ts';
import { Life } from './life.ts';
import type { Evidence, Report } from './evidence.ts';
import { judge } from './oracle.ts';
import { plan } from './plan-phase.ts';
import { RunDb } from './run-db.ts';
import { drawScenario, type LifeFate, type Scenario } from './scenario.ts';
import { Server } from './server.ts';
import { World } from './world.ts';

/** What one seed showed. */
export interface SeedResult {
  readonly seed: number;
  /** Broken promises, each beginning with the number of its invariant. */
  readonly violations: readonly string[];
  readonly requests: number;
  readonly lives: readonly LifeStory[];
  readonly rows: readonly ResultRow[];
  /** What each life left as a report. */
  readonly summaries: readonly Summary[];
  readonly faultsSeen: ReadonlyMap<string, number>;
  /** Virtual time that passed, in milliseconds. */
  readonly virtualMs: number;
}

/** The longest pause that a run waits out itself (CONTRACT.md 6). */
const LONGEST_PAUSE_MS = 300_000;
const TOOL = { name: 'tavus-purge', version: '0.0.0' };

/** Plans and carries out one purge in a simulated world: lives that meet what the seed drew, then lives without faults until it is done. */
export async function simulate(seed: number, trace?: (line: string) => void): Promise<SeedResult> {
  return simulateScenario(drawScenario(seed), trace);
}

/** The same for a scenario that was not drawn. */
export async function simulateScenario(
  scenario: Scenario,
  trace?: (line: string) => void,
): Promise<SeedResult> {
  const { seed } = scenario;
  const world = new World(trace);
  const server = new Server(world, scenario);
  const run = RunDb.create();
  const reports: Report[] = [];
  let violations: string[];
  world.tell(() => `seed ${seed}: ${JSON.stringify({ ...scenario, items: scenario.items.length })}`);
  try {
    fillServer(server, scenario);
    for (const { how, from } of scenario.badTimes) {
      if (how === '401') world.after(from, () => server.revokeKey());
    }
    const header = await plan(scenario, run, world.wall());
    const evidence: Evidence = { scenario, header, server, run, world, reports, sent: server.log };
    violations = await carryOutToTheEnd(evidence, reports);
    if (violations.length === 0) violations = judge(evidence);
  } catch (thrown) {
    violations = [`BUG: ${thrown instanceof Error ? (thrown.stack ?? thrown.message) : String(thrown)}`];
  } finally {
    run.release();
  }
  for (const violation of violations) world.tell(() => `VIOLATION ${violation}`);
  return {
    seed,
    violations,
    requests: server.log.length,
    lives: reports.map(({ story }) => story),
    rows: reports.at(-1)?.rows ?? [],
    summaries: reports.flatMap(({ summary }) => summary ?? []),
    faultsSeen: server.faultsSeen,
    virtualMs: world.now,
  };
}

function fillServer(server: Server, { items, seed }: Scenario): void {
  for (const { kind, id, exists } of items) {
    if (exists) server.objects.set(`${kind} ${id}`, 'live');
    // Decoys: the other kind of the same ID, and neighbours.
    server.objects.set(`${kind === 'video' ? 'replica' : 'video'} ${id}`, 'live');
    server.objects.set(`${kind} ${id}0`, 'live');
  }
  server.objects.set(`video decoy${seed}`, 'live');
}

async function carryOutToTheEnd(evidence: Evidence, reports: Report[]): Promise<string[]> {
  const { scenario, world, server, run, header } = evidence;
  let { settings } = scenario;
  for (const fate of scenario.lives) {
    await liveOnce(evidence, reports, { settings, fate });
    const last = reports.at(-1);
    if (isDone(last)) break;
    if (fate.newKeyAfter) server.acceptKey();
    await world.run(() => false, world.now + fate.pauseAfterMs);
    if (fate.jumpAfterMs !== 0) world.setWallClock(fate.jumpAfterMs);
    await waitUntilAllowed(evidence);
  }
  // From here on nothing fails: the run must come to its end, and soon.
  server.heal();
  settings = { ...settings, maxDurationMs: null };
  for (let lives = 0; !isDone(reports.at(-1)); lives += 1) {
    if (lives > header.planned + 1) return ['I9: lives without faults do not finish the run'];
    await liveOnce(evidence, reports, { settings, fate: null });
    const { story } = reports.at(-1) ?? {};
    if (story === undefined || story.thrown !== null) break;
    await waitUntilAllowed(evidence);
  }
  // What still hangs in the network arrives.
  await world.run(() => false);
  run.useDisk(null);
  return [];
}

async function liveOnce(
  { scenario, header, world, server, run }: Evidence,
  reports: Report[],
  { settings, fate }: { readonly settings: ExecutionSettings; readonly fate: LifeFate | null },
): Promise<void> {
  const number = reports.length + 1;
  const life = new Life(world, server, run, { number, header, settings, scenario, fate });
  const story = await life.live();
  run.useDisk(null);
  const record = readRecord(run.db, header);
  const summary = record.lastLife === null ? null : summarize(record, TOOL);
  reports.push({ story, isHealed: fate === null, rows: [...allResults(record)], summary });
}

/** As `resume` does: a short pause is waited out by the run itself, before the end of a longer one there is no run. */
async function waitUntilAllowed({ run, world }: Evidence): Promise<void> {
  const pausedMs = run.pausedUntil() - world.wall();
  if (pausedMs > LONGEST_PAUSE_MS) await world.run(() => false, world.now + pausedMs - LONGEST_PAUSE_MS);
}

function isDone(last: Report | undefined): boolean {
  return last !== undefined && last.summary?.complete === true && last.story.end !== null;
}
