/**
 * The window of a job, by the clock on the wall of its time zone: it is open whenever that clock shows a time within
 * its hours. So an hour that does not exist is not waited for, and one that comes twice counts twice.
 */
import { Temporal } from 'temporal-polyfill';
import { DAY_NAMES } from './job-values.ts';
import type { JobWindow } from './job.ts';
import type { JobRefusal } from './refusal.ts';

/** Longer than a week, so that a window whose hours do not exist on one day is found a week later. */
const LOOK_AHEAD_DAYS = 16;

/** Whether the window is open at this moment (ms since 1970). */
export function isWindowOpen(window: JobWindow, at: number): boolean {
  const { dayOfWeek, hour, minute } = localTime(window, at);
  const now = hour * 60 + minute;
  const { days, fromMinute, untilMinute } = window;
  const opensToday = days.includes(dayOfWeek);
  if (fromMinute < untilMinute) return opensToday && now >= fromMinute && now < untilMinute;
  const openedYesterday = days.includes(dayOfWeek === 1 ? 7 : dayOfWeek - 1);
  return (opensToday && now >= fromMinute) || (openedYesterday && now < untilMinute);
}

/** When the window that is open at `at` closes: `at` itself when it is not open, `null` when it never closes. */
export function windowClosesAt(window: JobWindow, at: number): number | null {
  return isWindowOpen(window, at) ? nextChange(window, at) : at;
}

/** When the window is open next: `at` itself when it is. */
export function windowOpensAt(window: JobWindow, at: number): number | null {
  return isWindowOpen(window, at) ? at : nextChange(window, at);
}

/** Why the job may not start at this moment; `null` when it may. */
export function windowRefusal(window: JobWindow, at: number): JobRefusal | null {
  const opensAt = windowOpensAt(window, at);
  if (opensAt === at) return null;
  const opens = opensAt === null ? 'it never opens' : `it opens ${shownTime(window, opensAt)}`;
  return {
    why: `it is ${shownTime(window, at)}, outside the window ${describeWindow(window)}; ${opens}`,
    next: 'start the job inside its window, or change "window" in the job file',
  };
}

/** `mon,tue,wed 22:00-05:00 Europe/Berlin`. */
export function describeWindow({ days, fromMinute, untilMinute, timeZone }: JobWindow): string {
  const names = days.length === 7 ? 'every day' : days.map((day) => DAY_NAMES[day - 1]).join(',');
  return `${names} ${clockText(fromMinute)}-${clockText(untilMinute)} ${timeZone}`;
}

/** The first moment after `at` at which the window opens or closes; `null` when it is always open. */
function nextChange(window: JobWindow, at: number): number | null {
  const isOpen = isWindowOpen(window, at);
  const firstDay = localTime(window, at).toPlainDate().subtract({ days: 1 });
  const changes = Array.from({ length: LOOK_AHEAD_DAYS }, (_, index) => firstDay.add({ days: index }))
    .flatMap((day) => boundariesOf(window, day))
    .filter((moment) => moment > at && isWindowOpen(window, moment) !== isOpen);
  return changes.length === 0 ? null : Math.min(...changes);
}

/**
 * Every moment at which the window can change for a reason that lies in this day: when the wall clock shows its hours
 * or midnight, or jumps over one of them or back behind it.
 */
function boundariesOf(window: JobWindow, day: Temporal.PlainDate): readonly number[] {
  return [...new Set([0, window.fromMinute, window.untilMinute])].flatMap((minuteOfDay) => {
    const local = day.toPlainDateTime({ hour: Math.floor(minuteOfDay / 60), minute: minuteOfDay % 60 });
    const earlier = local.toZonedDateTime(window.timeZone, { disambiguation: 'earlier' });
    const later = local.toZonedDateTime(window.timeZone, { disambiguation: 'later' });
    const [first, last] = [earlier.epochMilliseconds, later.epochMilliseconds];
    return first === last ? [first] : [first, last, jumpBetween(window, first, last)];
  });
}

/** The moment in (first, last] at which the wall clock jumps. */
function jumpBetween(window: JobWindow, first: number, last: number): number {
  const offset = localTime(window, first).offsetNanoseconds;
  let [before, after] = [first, last];
  while (after - before > 1) {
    const middle = Math.floor((before + after) / 2);
    if (localTime(window, middle).offsetNanoseconds === offset) before = middle;
    else after = middle;
  }
  return after;
}

function localTime({ timeZone }: JobWindow, at: number): Temporal.ZonedDateTime {
  return Temporal.Instant.fromEpochMilliseconds(at).toZonedDateTimeISO(timeZone);
}

/** `Mon 2026-11-23 22:00`. */
function shownTime(window: JobWindow, at: number): string {
  const local = localTime(window, at);
  const day = DAY_NAMES[local.dayOfWeek - 1] ?? '';
  return `${day} ${local.toPlainDate().toString()} ${clockText(local.hour * 60 + local.minute)}`;
}

function clockText(minuteOfDay: number): string {
  return `${twoDigits(Math.floor(minuteOfDay / 60))}:${twoDigits(minuteOfDay % 60)}`;
}

function twoDigits(value: number): string {
  return String(value).padStart(2, '0');
}
