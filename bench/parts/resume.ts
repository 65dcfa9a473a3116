import { once } from 'node:events';
import { rmSync } from 'node:fs';
import { join } from 'node:path';
import { atMost, needsArrivals, type Bench, type Finding, type Part } from '../bench.ts';
import type { Arrivals } from '../fast-server.ts';
import { hashOfIds, writeManifest } from '../manifests.ts';
import { start, type Measurement } from '../measure.ts';
import { copyOfPlan, savedPlan, type SavedPlan } from '../product.ts';
import { rounded, shown, spread } from '../statistics.ts';

const ROWS = 1_000_000;
const QUICK_ROWS = 100_000;
const EXIT_INTERRUPTED = 5;

export const resume: Part = {
  name: 'resume',
  title: 'Continuing a run of which half is done',
  run: measureResume,
};

async function measureResume(bench: Bench): Promise<Finding> {
  const { options, scratch, product, measure, server } = bench;
  const { arrivals } = server;
  if (arrivals === null) return needsArrivals(server);
  const rows = options.rows ?? (options.quick ? QUICK_ROWS : ROWS);
  const repeats = options.repeats ?? (options.quick ? 1 : 3);
  const manifest = join(scratch, 'manifest.csv');
  writeManifest(manifest, 'csv', rows);
  bench.say('planning');
  await measure(product.plan(manifest, join(scratch, 'state')));
  const half = savedPlan(join(scratch, 'state'));
  bench.say('deleting the first half');
  await server.reset();
  await applyHalf(bench, half, { arrivals, rows });
  const before = await server.report();

  const firstMs: number[] = [];
  for (let repeat = 1; repeat <= repeats; repeat += 1) {
    bench.say(`${repeat}/${repeats} first request`);
    const copy = copyOfPlan(half, join(scratch, 'copy'));
    firstMs.push(await timeToFirstRequest(bench, copy, arrivals));
    rmSync(copy.stateDir, { recursive: true });
  }

  bench.say('deleting the second half');
  await server.reset();
  const rest = await measure(product.resume(half));
  const after = await server.report();
  const left = rows - before.deletions;
  const hash = ((before.idHash ?? 0) + (after.idHash ?? 0)) >>> 0;
  if (after.deletions !== left || hash !== hashOfIds(rows)) {
    throw new Error(`both lives together did not delete each of ${rows} IDs once`);
  }
  const reports: Measurement[] = [];
  for (let repeat = 1; repeat <= repeats; repeat += 1) {
    bench.say(`${repeat}/${repeats} report`);
    reports.push(await measure(product.report(half)));
  }

  const first = spread(firstMs.map((ms) => ms / 1e3));
  const report = spread(reports.map(({ wallMs }) => wallMs / 1e3));
  const name = `${rows.toLocaleString('en-US')} rows`;
  return {
    columns: ['', 'wall s', 'CPU s', 'peak MiB'],
    rows: [
      ['resume: from its start to the first request', shown(first), '', ''],
      [`resume: the whole of it, ${left.toLocaleString('en-US')} rows left`, ...cells([rest])],
      [`report of ${name}`, ...cells(reports)],
    ],
    targets: [
      atMost(`6. First request of resume, ${name}, half done`, first, { goal: 1, must: 1, unit: ' s' }),
      atMost(`6. Report of ${name}`, report, { goal: 10, must: 10, unit: ' s' }),
    ],
    meaning: [
      `Whoever continues an interrupted run of ${name} waits ${rounded(first.median)} s until it deletes again.`,
    ],
    notes: [
      `The run was stopped by SIGTERM when half of the requests had arrived. Both lives together deleted each ID once, which the server checked. ${repeats} repeats, the whole of resume once.`,
      'The first request is timed where it arrives. The file of the run was still in the cache of the system.',
    ],
    missing: [],
  };
}

/** Stops the run when the server has seen half of it, as an operator would: what is in flight finishes. */
async function applyHalf(
  { product }: Bench,
  plan: SavedPlan,
  { arrivals, rows }: { readonly arrivals: Arrivals; readonly rows: number },
): Promise<void> {
  const reached = arrivals.reached(Math.ceil(rows / 2));
  const child = start(product.apply(plan));
  const exit = once(child, 'exit');
  await Promise.race([reached, exit]);
  child.kill('SIGTERM');
  const [code] = (await exit) as [number | null];
  if (code !== EXIT_INTERRUPTED) throw new Error(`apply ended with ${code} instead of ${EXIT_INTERRUPTED}`);
}

async function timeToFirstRequest(
  { product, server }: Bench,
  plan: SavedPlan,
  arrivals: Arrivals,
): Promise<number> {
  await server.reset();
  const reached = arrivals.reached(1);
  const startedNs = process.hrtime.bigint();
  const child = start(product.resume(plan));
  const exit = once(child, 'exit');
  const first = await Promise.race([reached, exit.then(() => null)]);
  // This copy of the run is thrown away: it need not end well.
  child.kill('SIGKILL');
  await exit;
  if (first === null) throw new Error('resume ended without a request');
  return (first.atNs - Number(startedNs)) / 1e6;
}

function cells(measurements: readonly Measurement[]): string[] {
  return [
    shown(spread(measurements.map(({ wallMs }) => wallMs / 1e3))),
    shown(spread(measurements.map(({ cpuMs }) => cpuMs / 1e3))),
    shown(spread(measurements.map(({ peakMib }) => peakMib))),
  ];
}
