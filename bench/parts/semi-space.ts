import { rmSync } from 'node:fs';
import { join } from 'node:path';
import type { Bench, Finding, Part } from '../bench.ts';
import { interleave } from '../interleave.ts';
import { writeManifest } from '../manifests.ts';
import type { Measurement } from '../measure.ts';
import { copyOfPlan, savedPlan } from '../product.ts';
import { shown, spread } from '../statistics.ts';

const ROWS = 100_000;
const QUICK_ROWS = 20_000;
const AS_IT_IS = 'as it is';
/** MB of each half of the young generation. */
const SIZES = [1, 4, 8, 16, 32, 64];

export const semiSpace: Part = {
  name: 'semi-space',
  title: 'What the young generation of V8 costs and saves',
  run: measureSemiSpace,
};

async function measureSemiSpace(bench: Bench): Promise<Finding> {
  const { options, product, measure, scratch } = bench;
  const rows = options.rows ?? (options.quick ? QUICK_ROWS : ROWS);
  const repeats = options.repeats ?? 3;
  const manifest = join(scratch, 'manifest.csv');
  writeManifest(manifest, 'csv', rows);
  await measure(product.plan(manifest, join(scratch, 'planned')));
  const plan = savedPlan(join(scratch, 'planned'));
  const state = join(scratch, 'state');
  const settings: readonly (readonly [name: string, nodeOptions: readonly string[]])[] = [
    [AS_IT_IS, []],
    ...SIZES.map((size) => [`${size} MB`, [`--max-semi-space-size=${size}`]] as const),
  ];
  const measured = await interleave(
    settings.map(([name, nodeOptions]) => ({
      name,
      run(): Promise<Measurement> {
        rmSync(state, { recursive: true, force: true });
        const { file, args } = product.apply(copyOfPlan(plan, state));
        return measure({ file, args: [...nodeOptions, ...args] });
      },
    })),
    { repeats, say: bench.say },
  );
  return {
    columns: ['semi-space at most', 'peak MiB', 'CPU µs per ID', 'wall µs per ID'],
    rows: [...measured].map(([name, measurements]) => [
      name,
      shown(spread(measurements.map(({ peakMib }) => peakMib))),
      shown(spread(measurements.map(({ cpuMs }) => (cpuMs * 1e3) / rows))),
      shown(spread(measurements.map(({ wallMs }) => (wallMs * 1e3) / rows))),
    ]),
    targets: [],
    meaning: [
      'A smaller young generation saves memory and costs time, since what dies young is collected more often.',
    ],
    notes: [
      `apply of ${rows.toLocaleString('en-US')} rows, concurrency 32. ${repeats} repeats, interleaved.`,
    ],
    missing: [],
  };
}
