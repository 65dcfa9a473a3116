/** What the parts of the benchmark have in common: what they are given, and what they find. */
import type { FastServer } from './fast-server.ts';
import type { Measure } from './measure.ts';
import type { Options } from './options.ts';
import type { Product } from './product.ts';
import { shown, type Spread } from './statistics.ts';

/** What a part is given. */
export interface Bench {
  readonly options: Options;
  /** A folder on the disk of the checkout, gone when the benchmark has ended. */
  readonly scratch: string;
  readonly server: FastServer;
  readonly product: Product;
  readonly measure: Measure;
  /** Tells whoever waits how far it is. */
  readonly say: (text: string) => void;
}

/** One measurement that belongs together; can be run alone with `--only`. */
export interface Part {
  readonly name: string;
  readonly title: string;
  run(bench: Bench): Promise<Finding>;
}

/** What a part found: one table, judged against the targets of the project, and said in words. */
export interface Finding {
  readonly columns: readonly string[];
  readonly rows: readonly (readonly string[])[];
  readonly targets: readonly Target[];
  /** What the figures mean, in plain words. */
  readonly meaning: readonly string[];
  /** How it was measured, where the table does not say it. */
  readonly notes: readonly string[];
  /** What could not be measured here, and why. */
  readonly missing: readonly string[];
}

/** One target and whether it was met. */
export interface Target {
  readonly what: string;
  readonly goal: string;
  readonly must: string;
  readonly measured: string;
  readonly met: 'goal' | 'must' | 'missed';
}

/** What a part finds that must know when requests arrive, with a server that cannot tell. */
export function needsArrivals(server: FastServer): Finding {
  const missing = [
    `everything here: ${server.name} cannot tell when requests arrive; install a C compiler (cc)`,
  ];
  return { columns: [], rows: [], targets: [], meaning: [], notes: [], missing };
}

/** What is aimed at, and what is demanded at least. */
interface Limits {
  readonly goal: number;
  readonly must: number;
  readonly unit: string;
}

/** A target for a figure that is to be small; the median counts. */
export function atMost(what: string, measured: Spread, limits: Limits): Target {
  return target(what, measured, { ...limits, sign: '≤', isMet: (limit) => measured.median <= limit });
}

/** A target for a figure that is to be large; the median counts. */
export function atLeast(what: string, measured: Spread, limits: Limits): Target {
  return target(what, measured, { ...limits, sign: '≥', isMet: (limit) => measured.median >= limit });
}

function target(
  what: string,
  measured: Spread,
  limits: Limits & { readonly sign: string; readonly isMet: (limit: number) => boolean },
): Target {
  const { goal, must, unit, sign, isMet } = limits;
  return {
    what,
    goal: `${sign} ${goal}${unit}`,
    must: `${sign} ${must}${unit}`,
    measured: shown(measured, unit),
    met: isMet(goal) ? 'goal' : isMet(must) ? 'must' : 'missed',
  };
}
