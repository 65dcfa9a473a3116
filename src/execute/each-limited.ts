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
  const source = Iterator.from(items);
  const failures: unknown[] = [];
  const pull = async (): Promise<void> => {
    try {
      while (!isStopped() && failures.length === 0) {
        const next = source.next();
        if (next.done === true) return;
        await work(next.value);
      }
    } catch (thrown) {
      failures.push(thrown);
    }
  };
  await Promise.all(Array.from({ length: concurrency }, pull));
  if (failures.length > 0) throw failures[0];
}
