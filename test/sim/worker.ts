import { parentPort, workerData } from 'node:worker_threads';
import { runSeeds, type SeedRange } from './run-seeds.ts';

// oxlint-disable-next-line require-post-message-target-origin -- this is no window
parentPort?.postMessage(await runSeeds(workerData as SeedRange));
