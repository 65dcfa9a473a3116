import { getHeapSpaceStatistics, setFlagsFromString } from 'node:v8';

/** Both halves of it. */
const ENOUGH_BYTES = 16 * 1024 * 1024;
const MOST_TRIES = 50;

/**
 * Lets V8's young generation grow to about 16 MB at once, and no further. By itself it grows to 134 MB in a long run, which
 * is most of the memory of this program, and saves little (part `semi-space` of the benchmark). There is no call for it,
 * and a flag on the command line of Node is out of reach of an installed program. Costs some milliseconds.
 */
export function boundYoungGeneration(): void {
  const factor = Math.max(1, Math.floor(ENOUGH_BYTES / Math.max(1, youngBytes())));
  setFlagsFromString(`--semi-space-growth-factor=${factor}`);
  // It grows when enough of what is in it survives.
  const survivors: unknown[] = [];
  for (let tries = 0; tries < MOST_TRIES && youngBytes() < ENOUGH_BYTES; tries += 1) {
    survivors.push(Array.from({ length: 5_000 }, (_, index) => ({ index })));
  }
  setFlagsFromString('--semi-space-growth-factor=1');
}

function youngBytes(): number {
  return getHeapSpaceStatistics().find(({ space_name: name }) => name === 'new_space')?.space_size ?? 0;
}
