/** Chance that comes out the same for the same seed, always and everywhere. */
export interface Chance {
  /** Uniform in [0, 1). */
  readonly next: () => number;
  /** A whole number from 0 to `count` - 1. */
  readonly below: (count: number) => number;
  /** A number in [from, to). */
  readonly between: (from: number, to: number) => number;
  /** True with this probability. */
  readonly is: (probability: number) => boolean;
  readonly pick: <T>(from: readonly [T, ...T[]]) => T;
}

/** The chance of one part of one seed. Parts draw from streams of their own, so that one does not shift the others. */
export function chanceOf(seed: number, part: string): Chance {
  let state = seed >>> 0;
  for (const character of part) state = Math.imul(state ^ character.charCodeAt(0), 0x01_00_01_93) >>> 0;
  // mulberry32, after mixing the seed well: neighbours must not look alike.
  state = Math.imul(state ^ (state >>> 16), 0x85_eb_ca_6b) >>> 0;
  const next = (): number => {
    state = (state + 0x6d_2b_79_f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4_294_967_296;
  };
  const below = (count: number): number => Math.floor(next() * count);
  return {
    next,
    below,
    between: (from, to) => from + next() * (to - from),
    is: (probability) => next() < probability,
    pick: (from) => from[below(from.length)] ?? from[0],
  };
}
