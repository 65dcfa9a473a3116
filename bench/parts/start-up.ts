import { join } from 'node:path';
import { atMost, type Bench, type Finding, type Part } from '../bench.ts';
import { interleave } from '../interleave.ts';
import type { Command, Measurement } from '../measure.ts';
import { ratios, shown, spread, type Spread } from '../statistics.ts';

const REPEATS = 21;
const QUICK_REPEATS = 5;
const NODE = 'node -e 0';
const HELP = 'tavus-purge --help';
const DOCTOR = 'tavus-purge doctor';

export const startUp: Part = {
  name: 'start-up',
  title: 'Start-up',
  run: measureStartUp,
};

async function measureStartUp(bench: Bench): Promise<Finding> {
  const { options, product, measure } = bench;
  const repeats = options.repeats ?? (options.quick ? QUICK_REPEATS : REPEATS);
  const commands: Readonly<Record<string, Command>> = {
    [NODE]: { file: process.execPath, args: ['-e', '0'] },
    [HELP]: product.command(['--help']),
    [DOCTOR]: product.command([
      'doctor',
      '--base-url',
      bench.server.baseUrl,
      '--state-dir',
      join(bench.scratch, 'state'),
    ]),
  };
  // Once before it counts, so that no program is read from the disk for the first time.
  for (const command of Object.values(commands)) await measure(command);
  const measured = await interleave(
    Object.entries(commands).map(([name, command]) => ({ name, run: () => measure(command) })),
    { repeats, say: () => {} },
  );

  const of = (name: string): readonly Measurement[] => measured.get(name) ?? [];
  const cpu = (name: string): number[] => of(name).map(({ cpuMs }) => cpuMs);
  const wall = (name: string): number[] => of(name).map(({ wallMs }) => wallMs);
  const cpuRatio = (name: string): Spread => ratios(cpu(name), cpu(NODE));
  return {
    columns: ['', 'CPU ms', 'CPU to node -e 0', 'wall ms', 'wall to node -e 0', 'peak MiB'],
    rows: Object.keys(commands).map((name) => [
      name,
      shown(spread(cpu(name))),
      shown(cpuRatio(name)),
      shown(spread(wall(name))),
      shown(ratios(wall(name), wall(NODE))),
      shown(spread(of(name).map(({ peakMib }) => peakMib))),
    ]),
    targets: [HELP, DOCTOR].map((name) =>
      atMost(`5. CPU of ${name}, against ${NODE}`, cpuRatio(name), { goal: 3, must: 4, unit: ' ×' }),
    ),
    meaning: [
      `Help is there after ${shown(middle(wall(HELP)), ' ms')}, and a check of key, target and folders after ${shown(middle(wall(DOCTOR)), ' ms')}.`,
    ],
    notes: [`${repeats} repeats, interleaved, after one that does not count. doctor sends its one GET.`],
    missing: [],
  };
}

function middle(values: readonly number[]): Spread {
  return spread([spread(values).median]);
}
