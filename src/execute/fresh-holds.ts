import { PurgeError } from '../errors.ts';
import type { Clock, Hold, Holds, PendingDeletion } from '../ports.ts';
import type { RunControl } from './run-control.ts';

/** Hold files are looked at again when the last look is older than this. */
const HOLDS_FRESH_MS = 1_000;
const HOLDS_TRIES = 10;

/**
 * Looks for the hold on a row, in hold files read again when they changed. While one cannot be read (somebody may be
 * writing it) nothing is sent; when that lasts, the run stops.
 */
export function freshHolds(
  holds: Holds,
  clock: Clock,
  control: RunControl,
): (deletion: PendingDeletion) => Promise<Hold | undefined> {
  if (holds.summaries().length === 0) return () => Promise.resolve(undefined);
  let freshAt = clock.monotonic();
  return async ({ kind, id }) => {
    for (
      let tries = 1;
      clock.monotonic() - freshAt > HOLDS_FRESH_MS && control.stopped === null;
      tries += 1
    ) {
      try {
        await holds.refresh();
        freshAt = clock.monotonic();
      } catch (thrown) {
        if (!(thrown instanceof PurgeError)) throw thrown;
        if (tries < HOLDS_TRIES) await clock.sleep(HOLDS_FRESH_MS / 2, control.signal);
        else control.stop('holds_unreadable', `A hold file cannot be read any more: ${thrown.message}`);
      }
    }
    return holds.find(kind, id);
  };
}
