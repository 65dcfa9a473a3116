/** When the kits start the jobs, over a year: inside their windows, and never while another one may be at work. */
import { expect } from 'vitest';
import type { Job } from '../../src/job/job.ts';
import { isWindowOpen, windowClosesAt } from '../../src/job/window.ts';

const MINUTE_MS = 60_000;
const DAY_MS = 24 * 60 * MINUTE_MS;
/** After a signal, the end of the window or of the time: 20 s for what is under way, 30 s for notifications. */
const DRAIN_MS = MINUTE_MS;
const YEAR_START = Date.UTC(2027, 0, 1);

export interface LocalTime {
  readonly minute: number;
  readonly hour: number;
  /** 0 is Sunday. */
  readonly weekday: number;
}

export interface Starts {
  readonly job: Job;
  /** Whether the job starts at this local time. */
  readonly isStart: (time: LocalTime) => boolean;
  /** How much later than that it may be. */
  readonly delayMs: number;
}

/** Fails unless each job starts at least 50 times a year, always within its window, and ends before the next one starts. */
export function expectGoodTimes(all: readonly Starts[], timeZone: string): void {
  const spans = all.flatMap((starts) =>
    startsInYear(starts.isStart, timeZone).map((at) => spanOf(starts, at)),
  );
  for (const { job } of all) {
    const own = spans.filter((span) => span.job === job.name);
    expect(own.length, `${job.name} a year`).toBeGreaterThanOrEqual(50);
  }
  expect(spans.filter(({ isInWindow }) => !isInWindow)).toEqual([]);
  const sorted = spans.toSorted((one, other) => one.from - other.from);
  const overlaps = sorted.filter((span, index) => (sorted[index - 1]?.until ?? 0) > span.from);
  expect(overlaps).toEqual([]);
}

function spanOf(
  { job, delayMs }: Starts,
  at: number,
): {
  readonly job: string;
  readonly from: number;
  readonly until: number;
  readonly isInWindow: boolean;
} {
  const latest = at + delayMs;
  const { maxDurationMs } = job.settings;
  const { window } = job;
  const ends = [
    ...(typeof maxDurationMs === 'number' ? [latest + maxDurationMs] : []),
    ...(window === null ? [] : [windowClosesAt(window, latest) ?? Infinity]),
  ];
  return {
    job: job.name,
    from: at,
    until: Math.min(Infinity, ...ends) + DRAIN_MS,
    isInWindow: window === null || (isWindowOpen(window, at) && isWindowOpen(window, latest)),
  };
}

function startsInYear(isStart: Starts['isStart'], timeZone: string): readonly number[] {
  const format = new Intl.DateTimeFormat('en-GB', {
    timeZone,
    weekday: 'short',
    hour: '2-digit',
    minute: '2-digit',
    hourCycle: 'h23',
  });
  const found: number[] = [];
  // All starts of the kits are at full or half hours, and so are all changes of the clocks in the zones of these tests.
  for (let at = YEAR_START; at < YEAR_START + 366 * DAY_MS; at += 30 * MINUTE_MS) {
    const parts = Object.fromEntries(format.formatToParts(at).map(({ type, value }) => [type, value]));
    const weekday = ['Sun', 'Mon', 'Tue', 'Wed', 'Thu', 'Fri', 'Sat'].indexOf(parts['weekday'] ?? '');
    if (isStart({ minute: Number(parts['minute']), hour: Number(parts['hour']), weekday })) found.push(at);
  }
  return found;
}
