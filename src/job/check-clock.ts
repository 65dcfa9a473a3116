import type { JobRefusal } from './refusal.ts';

/** A clock may be set back so far: summer time that was done wrongly, a day that was mistyped. */
const LARGEST_JUMP_MS = 24 * 60 * 60_000;

/**
 * Why the job may not start by a clock that says `now` (ms since 1970), when the newest time in its history is
 * `newest`; `null` when it may. A clock that is over a day behind would make windows, growth and keep wrong.
 */
export function clockRefusal(now: number, newest: number | null): JobRefusal | null {
  if (newest === null || newest - now <= LARGEST_JUMP_MS) return null;
  return {
    why: `the clock says ${isoTime(now)}, over a day before the last run of this job (${isoTime(newest)})`,
    next: 'set the clock of the machine right; if the earlier time was the wrong one, give the job another name: it begins a new history',
  };
}

function isoTime(at: number): string {
  return new Date(at).toISOString();
}
