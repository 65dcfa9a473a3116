import { Worker } from 'node:worker_threads';
import { simulate } from './simulate.ts';
import { addSeed, addTally, emptyTally, type Tally } from './tally.ts';

export interface SeedRange {
  readonly from: number;
  /** Exclusive. */
  readonly to: number;
  /** Every how many-th seed. */
  readonly step: number;
  /** Wall-clock time (ms since 1970) at which to stop, done or not. */
  readonly untilMs: number;
}

/** Seeds that broke a promise, until it is enough: one bug breaks it in many. */
const MOST_FAILURES = 20;

/** Runs seeds one after the other. */
export async function runSeeds({ from, to, step, untilMs }: SeedRange): Promise<Tally> {
  const tally = emptyTally();
  for (let seed = from; seed < to && tally.failures.length < MOST_FAILURES; seed += step) {
    if (Date.now() >= untilMs) break;
    addSeed(tally, await simulate(seed));
  }
  return tally;
}

/** Runs the seeds from `from` up to `to` on two threads. */
export async function runOnTwoThreads(from: number, to: number, untilMs = Infinity): Promise<Tally> {
  const halves = await Promise.all(
    [0, 1].map((half) => inThread({ from: from + half, to, step: 2, untilMs })),
  );
  const tally = emptyTally();
  for (const half of halves) addTally(tally, half);
  return tally;
}

function inThread(range: SeedRange): Promise<Tally> {
  return new Promise((resolve, reject) => {
    const worker = new Worker(new URL('worker.ts', import.meta.url), { workerData: range });
    worker.once('message', resolve);
    worker.once('error', reject);
  });
}
