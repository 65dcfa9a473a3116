import { rethrowBug } from '../errors.ts';
import type { Clock, Hold, Holds, PendingDeletion } from '../ports.ts';
import type { RunControl } from './run-control.ts';

/** Hold files are looked at again when the last look is older than this. */
const HOLDS_FRESH_MS = 1_000;
const HOLDS_TRIES = 10;

/** The holds of a run, as fresh as they must be when something is sent. */
export interface FreshHolds {
  /** Whether `refresh` must be awaited before `find` is believed. A request that is on its way already does not wait. */
  areStale(): boolean;
  /** Whether they could not be read when that was tried last: nothing is sent then. */
  areUnreadable(): boolean;
  /**
   * Reads hold files again that changed. While one cannot be read (somebody may be writing it) it waits, and nothing is
   * sent; when that lasts, it stops the run.
   */
  refresh(): Promise<void>;
  find(deletion: PendingDeletion): Hold | undefined;
}

export function freshHolds(holds: Holds, clock: Clock, control: RunControl): FreshHolds {
  const hasNone = holds.summaries().length === 0;
  let freshAt = clock.monotonic();
  let unreadable = false;
  const areStale = (): boolean => !hasNone && clock.monotonic() - freshAt > HOLDS_FRESH_MS;
  return {
    areStale,
    areUnreadable: () => unreadable,
    async refresh() {
      for (let tries = 1; areStale() && control.stopped === null; tries += 1) {
        try {
          await holds.refresh();
          freshAt = clock.monotonic();
          unreadable = false;
        } catch (thrown) {
          rethrowBug(thrown);
          unreadable = true;
          if (tries < HOLDS_TRIES) await clock.sleep(HOLDS_FRESH_MS / 2, control.signal);
          else control.stop('holds_unreadable', `A hold file cannot be read any more: ${thrown.message}`);
        }
      }
    },
    find: ({ kind, id }) => (hasNone ? undefined : holds.find(kind, id)),
  };
}
