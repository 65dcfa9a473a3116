/** Replays one seed and prints everything that happened: `npx -c 'node test/sim/replay.ts <seed>'`. */
import { simulate } from './simulate.ts';

const seed = Number(process.argv[2]);
if (!Number.isSafeInteger(seed)) throw new Error('usage: node test/sim/replay.ts <seed>');
const { violations, requests, lives } = await simulate(seed, (line) => console.log(line));
console.log(
  `\nseed ${seed}: ${requests} requests, ${lives.length} lives, ${violations.length} broken promises`,
);
process.exitCode = violations.length === 0 ? 0 : 1;
