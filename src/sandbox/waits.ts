/** Answers that are late or never come, and can be let go all at once. */
export interface Waits {
  /**
   * Resolves after `ms` (`Infinity`: never by itself), when the caller of the function given to `onGone` says that
   * nobody waits any more, or at `releaseAll`.
   */
  wait(ms: number, onGone: (release: () => void) => void): Promise<void>;
  releaseAll(): void;
}

/** No waits yet. */
export function createWaits(): Waits {
  const releases = new Set<() => void>();
  return {
    wait(ms, onGone) {
      const { promise, resolve } = Promise.withResolvers<void>();
      const release = (): void => {
        clearTimeout(timer);
        releases.delete(release);
        resolve();
      };
      const timer = Number.isFinite(ms) ? setTimeout(release, ms) : undefined;
      releases.add(release);
      onGone(release);
      return promise;
    },
    releaseAll() {
      for (const release of releases) release();
    },
  };
}
