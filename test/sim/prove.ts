import type { Proof, ProofBudget, ProofResult } from '../helpers/proof.ts';
import { runOnTwoThreads } from './run-seeds.ts';
import { asleep, type Tally } from './tally.ts';

/** The same seeds every time: what was green stays comparable. */
const FIRST_SEED = 1;

/** The deterministic simulator: whole purges under faults, deaths and jumping clocks, judged by an oracle of its own. */
export const proof: Proof = {
  name: 'sim',
  promises: [
    'nothing is deleted that was not planned, and nothing in another mode',
    'every planned deletion has exactly one result, and it is true',
    'rate, pauses, retry budget and stop rules hold through every fault, kill and resume',
    'when the faults end, the run ends',
  ],
  fullSeeds: 1_000_000,
  async run(budget: ProofBudget): Promise<ProofResult> {
    const untilMs = Date.now() + (budget.until - performance.now());
    const tally = await runOnTwoThreads(FIRST_SEED, FIRST_SEED + budget.seeds, untilMs);
    const broken = tally.failures.map(
      ({ seed, violation }) => `seed ${seed}: ${violation} (node test/sim/replay.ts ${seed})`,
    );
    return { figures: figuresOf(tally), failures: [...broken, ...asleep(tally)] };
  },
};

/** The work in numbers. */
export function figuresOf({ seeds, rows, requests, lives, virtualMs, counts }: Tally): string {
  const deaths = Object.entries(counts)
    .filter(([name]) => name.startsWith('death '))
    .reduce((sum, [, times]) => sum + times, 0);
  return [
    `${number(seeds)} seeds`,
    `${number(rows)} rows`,
    `${number(requests)} requests`,
    `${number(lives)} lives`,
    `${number(deaths)} killed`,
    `${number(virtualMs / 3_600_000)} virtual hours`,
  ].join(', ');
}

function number(value: number): string {
  return Math.round(value).toLocaleString('en-US');
}
