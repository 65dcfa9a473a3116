import type { ExecutionSettings, Kind, Mode, Rate } from '../../src/types.ts';
import { chanceOf, type Chance } from './chance.ts';

/** Faults that leave a run going: each makes one request end otherwise than with the truth. */
export const PASSING_FAULTS = [
  'refused',
  'dropped_before',
  'dropped_after',
  'hang_never_applied',
  'hang_applied',
  'hang_late_apply',
  'cut_off_200',
  'oversized_200',
  '5xx_applied',
  '5xx_not_applied',
  '503_retry_after',
  '429',
  '409',
  '408',
  '202',
  '200_with_error',
  '404_empty',
  '422',
  '403',
  'html_200',
  'html_404',
] as const;

/** Faults of which one answer ends the run. */
export const STOPPING_FAULTS = ['redirect', '402', '405', 'tls'] as const;

export type Fault = (typeof PASSING_FAULTS)[number] | (typeof STOPPING_FAULTS)[number];

/** What a manifest of the scenario says, and what is so on the server. */
export interface Item {
  readonly kind: Kind;
  readonly id: string;
  readonly mode: Mode;
  readonly exists: boolean;
  /** How the manifest lists it. */
  readonly listed: 'once' | 'twice' | 'held' | 'deleted_before' | 'invalid';
}

/** A time in which the server is not itself. */
export interface BadTime {
  readonly from: number;
  readonly to: number;
  readonly how: 'refused' | '503' | 'hang' | '429' | '401' | '409';
}

/** The sorts of events at which a process can be killed: before a call is heard, and before or after its effect. */
export const DEATHS = [
  'startLife',
  'endLife',
  'begin',
  'withdraw',
  'end',
  'finish',
  'flush',
  'waking',
  'a commit',
  'a commit that was done',
  'a request',
  'a request that was sent',
  'an answer',
] as const;
export type Death = (typeof DEATHS)[number];

/** What happens to one life of the run from outside. Times are milliseconds from its beginning. */
export interface LifeFate {
  /** It is killed at the moment of its n-th event, before or after what the event does. */
  readonly killedAtEvent: number | null;
  /** It is killed at the n-th event of one sort. */
  readonly killedAt: { readonly what: Death; readonly nth: number } | null;
  /** The n-th write to the disk fails. */
  readonly failingCommit: number | null;
  readonly failure: 'begin' | 'lost' | 'kept';
  readonly signalAt: number | null;
  readonly secondSignalAt: number | null;
  /** The wall clock is set. */
  readonly clockJumps: readonly { readonly at: number; readonly byMs: number }[];
  /** Until the next life begins, after this one's end. */
  readonly pauseAfterMs: number;
  /** Between the lives the wall clock is set by this much. */
  readonly jumpAfterMs: number;
  readonly newKeyAfter: boolean;
}

export interface Scenario {
  readonly seed: number;
  readonly items: readonly Item[];
  readonly settings: ExecutionSettings;
  readonly faults: Readonly<Record<Fault, number>>;
  readonly badTimes: readonly BadTime[];
  readonly lives: readonly LifeFate[];
  /** What the server says when it is asked again for what it deleted softly. */
  readonly softAgain: '200' | 'invalid';
  readonly unknownIs: '400' | '404';
  readonly latencyMs: number;
  /** How long it takes to open a connection at the most. Most requests have one that is open. */
  readonly connectMs: number;
  /** How long a commit takes at the most. */
  readonly diskMs: number;
  /** How late timers are at the most. */
  readonly lateMs: number;
  /** How far the server's clock is ahead of ours. */
  readonly serverAheadMs: number;
  /** Hold files: `null` when the run has none. */
  readonly holds: {
    readonly puts: readonly { readonly at: number; readonly item: number }[];
    readonly unreadableFrom: number;
    readonly unreadableTo: number;
  } | null;
}

const FULL_SPEED: Rate = { count: 100_000, windowMs: 1_000 };

/** Draws what happens in a seed: size, speed, and a random part of everything that can go wrong. */
export function drawScenario(seed: number): Scenario {
  const chance = chanceOf(seed, 'scenario');
  const isLarge = chance.is(0.07);
  const size = isLarge ? 50 + chance.below(40) : 1 + chance.below(chance.is(0.35) ? 8 : 28);
  const missing = chance.is(0.3) ? chance.pick([0.05, 0.15, 0.3, 0.6, 1]) : 0;
  const oddRows = chance.is(0.4) ? 0.25 : 0;
  const items = Array.from({ length: size }, (_, index) => drawItem(chance, { index, missing, oddRows }));
  const hasRough = !chance.is(0.1);
  const drawn = drawSettings(chance);
  // From a stream of its own: the seeds that are kept stay what they are.
  const isFast = chanceOf(seed, 'full speed').is(0.15);
  const settings = isFast ? { ...drawn, rate: FULL_SPEED } : drawn;
  return {
    seed,
    items,
    settings,
    faults: drawFaults(chance, hasRough),
    badTimes: hasRough ? drawBadTimes(chance) : [],
    lives: Array.from({ length: chance.below(5) }, () => drawLife(chance, size)),
    softAgain: chance.is(0.5) ? '200' : 'invalid',
    unknownIs: chance.is(0.7) ? '400' : '404',
    latencyMs: chance.pick([10, 200, 1_000]),
    connectMs: chanceOf(seed, 'connecting').pick([0, 0, 20, 3_000]),
    diskMs: chance.is(0.15) ? 1_500 : chance.pick([0, 1, 40]),
    lateMs: chance.pick([0, 2, 20]),
    serverAheadMs: chance.pick([0, 0, 3_600_000, -3_600_000]),
    holds: chance.is(0.2) ? drawHolds(chance, size) : null,
  };
}

function drawItem(
  chance: Chance,
  { index, missing, oddRows }: { index: number; missing: number; oddRows: number },
): Item {
  const kind = chance.is(0.7) ? 'video' : 'replica';
  const number = (index * 7919 + chance.below(7919)).toString(16);
  const id = kind === 'video' ? number.padStart(10, '0') : `r${number.padStart(11, '0')}`;
  return {
    kind,
    id,
    mode: chance.is(0.4) ? 'hard' : 'soft',
    exists: !chance.is(missing),
    listed: chance.is(oddRows) ? chance.pick(['twice', 'held', 'deleted_before', 'invalid']) : 'once',
  };
}

function drawSettings(chance: Chance): ExecutionSettings {
  return {
    rate: chance.is(0.15)
      ? { count: 30 + chance.below(90), windowMs: 60_000 }
      : { count: 1 + chance.below(25), windowMs: 1_000 },
    concurrency: 1 + chance.below(8),
    attempts: 1 + chance.below(5),
    timeoutMs: chance.pick([1_000, 5_000, 15_000]),
    maxDurationMs: chance.is(0.1) ? 500 + chance.below(60_000) : null,
    allowNotFound: chance.is(0.4),
  };
}

function drawFaults(chance: Chance, hasAny: boolean): Record<Fault, number> {
  const share = hasAny ? chance.pick([0.1, 0.3, 0.5]) : 0;
  const passing = PASSING_FAULTS.map((fault): [Fault, number] => {
    const isOn = chance.is(fault === '429' ? share * 1.5 : share);
    // Three 403 in a row and every shape of `Retry-After` need many of their kind.
    const isOften = chance.is(fault === '403' || fault === '429' ? 0.4 : 0.15);
    return [fault, isOn ? chance.between(0.005, isOften ? 0.6 : 0.1) : 0];
  });
  const stopping = STOPPING_FAULTS.map((fault): [Fault, number] => [
    fault,
    hasAny && chance.is(0.12) ? chance.between(0.005, 0.1) : 0,
  ]);
  return Object.fromEntries([...passing, ...stopping]) as Record<Fault, number>;
}

function drawBadTimes(chance: Chance): BadTime[] {
  return (['refused', '503', 'hang', '429', '401', '409'] as const)
    .filter(() => chance.is(0.08))
    .map((how) => {
      const from = chance.between(0, 12_000);
      return { from, to: from + chance.pick([500, 8_000, 900_000, 900_000]), how };
    });
}

function drawLife(chance: Chance, size: number): LifeFate {
  const hour = 3_600_000;
  const signalAt = chance.is(0.25) ? chance.between(0, 8_000) : null;
  return {
    killedAt: chance.is(0.25)
      ? {
          what: chance.is(0.2) ? chance.pick(['endLife', 'flush']) : chance.pick(DEATHS),
          nth: 1 + chance.below(chance.is(0.5) ? 2 : size),
        }
      : null,
    killedAtEvent: chance.is(0.3) ? 1 + chance.below(chance.is(0.5) ? 30 : 12 * size) : null,
    failingCommit: chance.is(0.15) ? 1 + chance.below(2 * size) : null,
    failure: chance.pick(['begin', 'lost', 'kept']),
    signalAt,
    secondSignalAt: signalAt !== null && chance.is(0.5) ? signalAt + chance.between(0, 3_000) : null,
    clockJumps: chance.is(0.15)
      ? [{ at: chance.between(0, 5_000), byMs: chance.pick([hour, -hour, 2_000, -2_000]) }]
      : [],
    pauseAfterMs: chance.pick([0, 20, 300, 2_000, 90_000]),
    jumpAfterMs: chance.is(0.1) ? chance.pick([hour, -hour, -500]) : 0,
    newKeyAfter: chance.is(0.7),
  };
}

function drawHolds(chance: Chance, size: number): Scenario['holds'] {
  const isUnreadable = chance.is(0.6);
  const unreadableFrom = isUnreadable ? chance.between(0, 5_000) : Infinity;
  return {
    puts: Array.from({ length: chance.below(4) }, () => ({
      at: chance.between(0, 8_000),
      item: chance.below(size),
    })),
    unreadableFrom,
    unreadableTo: unreadableFrom + chance.pick([300, 3_000, 60_000, 60_000]),
  };
}
