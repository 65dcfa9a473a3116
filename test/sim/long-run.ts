/** Runs many seeds on two threads: `npx -c 'node test/sim/long-run.ts [seeds] [first]'`. */
import { figuresOf } from './prove.ts';
import { runOnTwoThreads } from './run-seeds.ts';
import { addTally, asleep, emptyTally } from './tally.ts';

const seeds = Number(process.argv[2] ?? 10_000);
const first = Number(process.argv[3] ?? 1);
const CHUNK = 20_000;
const tally = emptyTally();
const begun = performance.now();
for (let from = first; from < first + seeds && tally.failures.length === 0; from += CHUNK) {
  addTally(tally, await runOnTwoThreads(from, Math.min(from + CHUNK, first + seeds)));
  console.log(`${((performance.now() - begun) / 1000).toFixed(1)} s: ${figuresOf(tally)}`);
}
for (const { seed, violation } of tally.failures) console.log(`seed ${seed}: ${violation}`);
for (const line of asleep(tally)) console.log(line);
if (process.argv.includes('--counts')) console.log(tally.counts);
process.exitCode = tally.failures.length === 0 ? 0 : 1;
