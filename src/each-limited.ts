import pLimit from 'p-limit';

export interface EachLimitedOptions {
  readonly concurrency: number;
  /** Asked before each item is started. */
  readonly isStopped: () => boolean;
}

/**
 * Runs `work` for each item, at most `concurrency` at a time. An item is pulled only when it can start at once, so a
 * source of a million items costs the memory of a few. Pulls nothing more when `isStopped` says so or `work` threw;
 * waits for what is under way, then throws the first error.
 */
export async function eachLimited<T>(
  items: Iterable<T>,
  work: (item: T) => Promise<void>,
  { concurrency, isStopped }: EachLimitedOptions,
): Promise<void> {
  const limit = pLimit(concurrency);
  const running = new Set<Promise<void>>();
  const failures: unknown[] = [];
  let wake: (() => void) | undefined;
  const someoneEnds = (): Promise<void> =>
    new Promise((resolve) => {
      wake = resolve;
    });
  const start = (item: T): void => {
    const task = limit(work, item)
      .catch((thrown: unknown) => void failures.push(thrown))
      .finally(() => {
        running.delete(task);
        wake?.();
      });
    running.add(task);
  };

  try {
    for (const item of items) {
      if (isStopped() || failures.length > 0) break;
      start(item);
      while (running.size >= concurrency) await someoneEnds();
    }
  } finally {
    while (running.size > 0) await someoneEnds();
  }
  if (failures.length > 0) throw failures[0];
}
