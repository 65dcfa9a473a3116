/** Runs the kill -9 proof with as many runs as asked for: `npm run prove:kill9 -- 200`. */
import { spawnSync } from 'node:child_process';

const runs = process.argv[2] ?? '20';
if (!/^[1-9]\d{0,4}$/.test(runs)) {
  console.error(`How many runs? ${JSON.stringify(runs)} is not a number from 1 to 99999.`);
  process.exitCode = 2;
} else {
  const { status } = spawnSync('npx', ['vitest', 'run', 'test/e2e/kill9.test.ts'], {
    stdio: 'inherit',
    env: { ...process.env, KILL9_RUNS: runs },
  });
  process.exitCode = status ?? 1;
}
