import type { OnEvent, PurgeEvent } from '../ports.ts';

/**
 * Tells of each event when what it is about is durable. Nobody waits for the end of an attempt to be so: writes become
 * durable in order, so once the intent of the next request is (and that is waited for), every end recorded before it is
 * as well. `onFailed` hears of a record that could not be made durable.
 */
export function tellWhenDurable(
  onEvent: OnEvent,
  onFailed: (thrown: unknown) => void,
): (recorded: Promise<void>, event: PurgeEvent) => void {
  /** What is recorded together has one promise, and so one continuation for all its events. */
  let latest: Promise<void> | undefined;
  let waiting: PurgeEvent[] = [];
  return (recorded, event) => {
    if (recorded !== latest) {
      latest = recorded;
      const events: PurgeEvent[] = [];
      waiting = events;
      recorded.then(() => events.forEach(onEvent), onFailed);
    }
    waiting.push(event);
  };
}
