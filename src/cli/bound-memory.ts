import { getHeapSpaceStatistics, setFlagsFromString } from 'node:v8';

const MEGABYTE = 1024 * 1024;
const MOST_TRIES = 50;

/**
 * Keeps the memory of a command the same, however much it has to do: V8's young generation grows at once to twice
 * `halfMb` megabytes, half of them in use, and no further, and the old one is collected when it has grown by half (by
 * itself when it is several times as large). What little survives is copied by one thread: to wake up more costs more
 * than they save. There is no call for all that, and a flag on the command line of Node is out of reach of an installed
 * program. Costs some milliseconds; part `semi-space` of the benchmark measures it.
 */
export function boundMemory(halfMb: number): void {
  const enough = halfMb * MEGABYTE;
  setFlagsFromString('--heap-growing-percent=50');
  setFlagsFromString('--no-parallel-scavenge');
  const factor = Math.max(1, Math.floor(enough / Math.max(1, youngBytes())));
  setFlagsFromString(`--semi-space-growth-factor=${factor}`);
  // It grows when enough of what is in it survives.
  const survivors: unknown[] = [];
  for (let tries = 0; tries < MOST_TRIES && youngBytes() < enough; tries += 1) {
    survivors.push(Array.from({ length: 5_000 }, (_, index) => ({ index })));
  }
  setFlagsFromString('--semi-space-growth-factor=1');
}

function youngBytes(): number {
  return getHeapSpaceStatistics().find(({ space_name: name }) => name === 'new_space')?.space_size ?? 0;
}
