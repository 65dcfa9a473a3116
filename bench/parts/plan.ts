import { rmSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { atMost, type Bench, type Finding, type Part } from '../bench.ts';
import { interleave, type Contender } from '../interleave.ts';
import { FORMATS, writeManifest, type Format } from '../manifests.ts';
import type { Measurement } from '../measure.ts';
import { ratios, rounded, shown, spread } from '../statistics.ts';

const ROWS = 1_000_000;
const QUICK_ROWS = 100_000;
const CSV_PARSE = 'csv-parse alone';

export const plan: Part = {
  name: 'plan',
  title: 'Planning from a manifest',
  run: measurePlan,
};

async function measurePlan(bench: Bench): Promise<Finding> {
  const { options, product, measure, scratch } = bench;
  const rows = options.rows ?? (options.quick ? QUICK_ROWS : ROWS);
  const repeats = options.repeats ?? (options.quick ? 3 : 5);
  const manifest = (format: Format): string => join(scratch, `manifest.${format}`);
  for (const format of FORMATS) writeManifest(manifest(format), format, rows);
  const state = join(scratch, 'state');
  const csvParse: Contender<Measurement> = {
    name: CSV_PARSE,
    run: () =>
      measure({
        file: process.execPath,
        args: [join(import.meta.dirname, '..', 'peers', 'csv-parse.ts'), manifest('csv'), String(rows)],
      }),
  };
  const planning = FORMATS.map((format): Contender<Measurement> => ({
    name: planOf(format),
    run() {
      rmSync(state, { recursive: true, force: true });
      return measure(product.plan(manifest(format), state));
    },
  }));
  const measured = await interleave([csvParse, ...planning], { repeats, say: bench.say });

  const of = (name: string): readonly Measurement[] => measured.get(name) ?? [];
  const wall = (name: string): number[] => of(name).map(({ wallMs }) => wallMs / 1e3);
  const cpu = (name: string): number[] => of(name).map(({ cpuMs }) => cpuMs / 1e3);
  const csv = planOf('csv');
  return {
    columns: ['', 'wall s', 'wall to csv-parse', 'CPU s', 'CPU to csv-parse', 'peak MiB'],
    rows: [CSV_PARSE, ...FORMATS.map(planOf)].map((name) => [
      name,
      shown(spread(wall(name))),
      shown(ratios(wall(name), wall(CSV_PARSE))),
      shown(spread(cpu(name))),
      shown(ratios(cpu(name), cpu(CSV_PARSE))),
      shown(spread(of(name).map(({ peakMib }) => peakMib))),
    ]),
    targets: [
      atMost('3. Wall time of planning CSV, against csv-parse alone', ratios(wall(csv), wall(CSV_PARSE)), {
        goal: 2.5,
        must: 4,
        unit: ' ×',
      }),
      ...(['json', 'ndjson'] as const).map((format) =>
        atMost(
          `3. Wall time of planning ${format.toUpperCase()}, against CSV`,
          ratios(wall(planOf(format)), wall(csv)),
          { goal: 1.5, must: 1.5, unit: ' ×' },
        ),
      ),
    ],
    meaning: [
      `A CSV manifest of ${rows.toLocaleString('en-US')} rows is read, checked, freed of duplicates, digested and stored in ${rounded(spread(wall(csv)).median)} s. Reading it alone takes ${rounded(spread(wall(CSV_PARSE)).median)} s of that.`,
    ],
    notes: [
      `${rows.toLocaleString('en-US')} rows with five columns, ${rounded(statSync(manifest('csv')).size / 1e6)} MB as CSV; the same rows in each format. ${repeats} repeats, interleaved.`,
      'csv-parse gives arrays, in batches, and nothing is done with them. Both times include the start of Node.',
    ],
    missing: [],
  };
}

function planOf(format: Format): string {
  return `tavus-purge plan, ${format.toUpperCase()}`;
}
