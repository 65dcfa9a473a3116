/**
 * The sandbox as a process of its own: reads its options as one line of JSON from standard input (argv is too short for
 * 20,000 IDs), prints one line of JSON with where it listens, and ends when standard input does, so that it never
 * outlives the test that started it.
 */
import { createInterface } from 'node:readline';
import { startSandbox } from '../../src/sandbox/start-sandbox.ts';

const lines = createInterface({ input: process.stdin });
lines.once('line', (line) => {
  void startSandbox(JSON.parse(line)).then(({ url, port, apiKey }) =>
    console.log(JSON.stringify({ url, port, apiKey })),
  );
});
lines.once('close', () => process.exit(0));
