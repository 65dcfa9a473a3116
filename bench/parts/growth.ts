import { rmSync } from 'node:fs';
import { join } from 'node:path';
import { atMost, type Bench, type Finding, type Part, type Target } from '../bench.ts';
import { interleave } from '../interleave.ts';
import { writeManifest } from '../manifests.ts';
import type { Measurement } from '../measure.ts';
import { savedPlan } from '../product.ts';
import { ratios, shown, spread } from '../statistics.ts';

const SIZES = [10_000, 100_000, 1_000_000, 3_000_000];
const QUICK_MOST = 1_000_000;
/** Larger runs are compared with this one: in a smaller one, the start counts for too much. */
const BASE = 100_000;
const COMMANDS = ['plan', 'apply', 'report'] as const;

/** One plan from manifest to results. */
type Life = Readonly<Record<(typeof COMMANDS)[number], Measurement>>;
type Lives = ReadonlyMap<string, readonly Life[]>;

export const growth: Part = {
  name: 'growth',
  title: 'From 10,000 to 3,000,000 rows',
  run: measureGrowth,
};

async function measureGrowth(bench: Bench): Promise<Finding> {
  const { options } = bench;
  const most = options.rows ?? (options.quick ? QUICK_MOST : Infinity);
  const sizes = SIZES.filter((size) => size <= most);
  if (sizes.length === 0) sizes.push(most);
  const repeats = options.repeats ?? (options.quick ? 1 : 3);
  const lives = await interleave(
    sizes.map((size) => ({ name: String(size), run: () => liveOnce(bench, size) })),
    { repeats, say: bench.say },
  );

  const per = COMMANDS.flatMap((name) => [`${name}: CPU µs per row`, `${name}: s`, `${name}: peak MiB`]);
  return {
    columns: ['rows', ...per],
    rows: sizes.map((size) => [
      size.toLocaleString('en-US'),
      ...COMMANDS.flatMap((command) => figures(lives, size, command)),
    ]),
    targets: targets(lives, sizes),
    meaning: [
      'Cost grows with the number of rows and nothing else, and memory does not grow with it, where its targets are met: neither the plan nor the results are ever held in memory as a whole.',
    ],
    notes: [
      `${repeats} repeats, interleaved. Each time plan, apply (concurrency 32, no rate limit) and report of the same rows.`,
      'Memory is the peak of the whole process; most of it is the young generation of V8, see the part about it.',
    ],
    missing:
      sizes.length < SIZES.length
        ? [`more than ${sizes.at(-1)?.toLocaleString('en-US')} rows, since fewer were asked for`]
        : [],
  };
}

async function liveOnce({ scratch, product, measure, server }: Bench, rows: number): Promise<Life> {
  const manifest = join(scratch, 'manifest.csv');
  const state = join(scratch, 'state');
  rmSync(state, { recursive: true, force: true });
  writeManifest(manifest, 'csv', rows);
  const plan = await measure(product.plan(manifest, state));
  const saved = savedPlan(state);
  await server.reset();
  const apply = await measure(product.apply(saved));
  const { deletions } = await server.report();
  if (deletions !== rows) throw new Error(`${deletions} deletions came instead of ${rows}`);
  const report = await measure(product.report(saved));
  return { plan, apply, report };
}

function figures(lives: Lives, size: number, command: keyof Life): string[] {
  const of = (figure: keyof Measurement): number[] => values(lives, size, (life) => life[command][figure]);
  return [
    shown(spread(of('cpuMs').map((ms) => (ms * 1e3) / size))),
    shown(spread(of('wallMs').map((ms) => ms / 1e3))),
    shown(spread(of('peakMib'))),
  ];
}

function targets(lives: Lives, sizes: readonly number[]): Target[] {
  const compared = sizes.filter((size) => size >= BASE);
  const largest = compared.at(-1);
  if (largest === undefined || largest === BASE) return [];
  const name = `${largest.toLocaleString('en-US')} rows`;
  const base = BASE.toLocaleString('en-US');
  const peaks = (size: number, command: keyof Life): number[] =>
    values(lives, size, (life) => life[command].peakMib);
  const perRow = (size: number, command: keyof Life): number[] =>
    values(lives, size, (life) => life[command].cpuMs / size);
  return [
    ...(['apply', 'report'] as const).flatMap((command) => {
      const medians = compared.map((size) => spread(peaks(size, command)).median);
      return [
        atMost(
          `2. Peak memory of ${command}, largest against smallest, ${base} to ${name}`,
          spread([Math.max(...medians) / Math.min(...medians)]),
          { goal: 1.1, must: 1.1, unit: ' ×' },
        ),
        atMost(`2. Peak memory of ${command}, ${name}`, spread(peaks(largest, command)), {
          goal: 150,
          must: 250,
          unit: ' MiB',
        }),
      ];
    }),
    ...COMMANDS.map((command) =>
      atMost(
        `7. CPU per row of ${command}, ${name} against ${base}`,
        ratios(perRow(largest, command), perRow(BASE, command)),
        { goal: 1.15, must: 1.15, unit: ' ×' },
      ),
    ),
  ];
}

function values(lives: Lives, size: number, of: (life: Life) => number): number[] {
  return (lives.get(String(size)) ?? []).map(of);
}
