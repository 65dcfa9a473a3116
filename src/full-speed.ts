import type { Rate } from './types.ts';

/** No API allows as much: from here on a run goes as fast as server and disk do. */
const FULL_SPEED_PER_SECOND = 10_000;

/**
 * Whether a run at this rate goes at full speed: then intents are recorded some IDs ahead, so that the requests of some
 * and the commit of others overlap. At any lower rate only what is to leave right then is recorded as begun.
 */
export function isFullSpeed({ count, windowMs }: Rate): boolean {
  return (count * 1_000) / windowMs >= FULL_SPEED_PER_SECOND;
}
