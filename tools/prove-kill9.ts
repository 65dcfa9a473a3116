/** Runs the kill -9 proof with as many runs as asked for: `npm run prove:kill9 -- 200`. */
import { kill9 } from '../test/crash/kill9.ts';

const runs = process.argv[2] ?? '20';
if (!/^[1-9]\d{0,4}$/.test(runs)) {
  console.error(`How many runs? ${JSON.stringify(runs)} is not a number from 1 to 99999.`);
  process.exitCode = 2;
} else {
  const { figures, failures } = await kill9.run({ seeds: Number(runs), until: Infinity });
  console.log(figures);
  for (const failure of failures) console.error(failure);
  process.exitCode = failures.length === 0 ? 0 : 1;
}
