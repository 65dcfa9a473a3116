import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { JobWindow } from '../../src/job/job.ts';
import {
  describeWindow,
  isWindowOpen,
  windowClosesAt,
  windowOpensAt,
  windowRefusal,
} from '../../src/job/window.ts';

const MINUTE_MS = 60_000;
const DAY_MS = 86_400_000;
const EVERY_DAY = [1, 2, 3, 4, 5, 6, 7];
const DAYS: Readonly<Record<string, number>> = { Mon: 1, Tue: 2, Wed: 3, Thu: 4, Fri: 5, Sat: 6, Sun: 7 };

const at = (text: string): number => Date.parse(text);
const iso = (moment: number | null): string =>
  moment === null ? 'never' : new Date(moment).toISOString().slice(0, 16);

function berlin(hours: Partial<JobWindow>): JobWindow {
  return { days: EVERY_DAY, fromMinute: 0, untilMinute: 0, timeZone: 'Europe/Berlin', ...hours };
}

const NIGHT = berlin({ fromMinute: 22 * 60, untilMinute: 5 * 60 });

describe('a window over midnight', () => {
  const friday = { ...NIGHT, days: [5] };

  test('belongs to the day on which it opens', () => {
    // Friday is the 20th of November 2026; Berlin is an hour ahead of UTC.
    expect(isWindowOpen(friday, at('2026-11-20T04:00Z'))).toBe(false);
    expect(isWindowOpen(friday, at('2026-11-20T20:59:59.999Z'))).toBe(false);
    expect(isWindowOpen(friday, at('2026-11-20T21:00Z'))).toBe(true);
    expect(isWindowOpen(friday, at('2026-11-21T03:59:59.999Z'))).toBe(true);
    expect(isWindowOpen(friday, at('2026-11-21T04:00Z'))).toBe(false);
    expect(isWindowOpen(friday, at('2026-11-21T21:00Z'))).toBe(false);
  });

  test('says when it closes and when it opens', () => {
    expect(iso(windowClosesAt(friday, at('2026-11-20T22:15Z')))).toBe('2026-11-21T04:00');
    expect(iso(windowOpensAt(friday, at('2026-11-21T04:00Z')))).toBe('2026-11-27T21:00');
    expect(windowClosesAt(friday, at('2026-11-22T12:00Z'))).toBe(at('2026-11-22T12:00Z'));
    expect(windowOpensAt(friday, at('2026-11-20T22:15Z'))).toBe(at('2026-11-20T22:15Z'));
  });

  test('refuses in words with the next opening', () => {
    expect(windowRefusal(friday, at('2026-11-20T22:15Z'))).toBeNull();
    expect(windowRefusal(friday, at('2026-11-22T12:00Z'))).toEqual({
      why: 'it is sun 2026-11-22 13:00, outside the window fri 22:00-05:00 Europe/Berlin; it opens fri 2026-11-27 22:00',
      next: expect.stringContaining('inside its window'),
    });
  });
});

describe('whole days', () => {
  test('of the working week are one window that closes on Saturday', () => {
    const week = berlin({ days: [1, 2, 3, 4, 5] });
    expect(iso(windowClosesAt(week, at('2026-11-17T12:00Z')))).toBe('2026-11-20T23:00');
    expect(iso(windowOpensAt(week, at('2026-11-21T12:00Z')))).toBe('2026-11-22T23:00');
  });

  test('of every day never close', () => {
    expect(windowClosesAt(berlin({}), at('2026-11-17T12:00Z'))).toBeNull();
    expect(describeWindow(berlin({}))).toBe('every day 00:00-00:00 Europe/Berlin');
  });

  test('may begin at any hour', () => {
    const sunday = berlin({ days: [7], fromMinute: 360, untilMinute: 360 });
    expect(iso(windowOpensAt(sunday, at('2026-11-21T12:00Z')))).toBe('2026-11-22T05:00');
    expect(iso(windowClosesAt(sunday, at('2026-11-22T12:00Z')))).toBe('2026-11-23T05:00');
  });
});

describe('when the clocks go forward (Berlin, 29 March 2026, 02:00 is 03:00)', () => {
  test('a window that opens in the missing hour opens when that hour would have begun', () => {
    const window = berlin({ fromMinute: 150, untilMinute: 300 });
    expect(iso(windowOpensAt(window, at('2026-03-29T00:00Z')))).toBe('2026-03-29T01:00');
  });

  test('a window that closes in the missing hour closes when that hour would have begun', () => {
    const window = berlin({ fromMinute: 60, untilMinute: 150 });
    expect(iso(windowClosesAt(window, at('2026-03-29T00:30Z')))).toBe('2026-03-29T01:00');
  });

  test('a window within the missing hour opens the next day', () => {
    const window = berlin({ fromMinute: 130, untilMinute: 170 });
    expect(iso(windowOpensAt(window, at('2026-03-29T00:00Z')))).toBe('2026-03-30T00:10');
    const sunday = { ...window, days: [7] };
    expect(iso(windowOpensAt(sunday, at('2026-03-29T00:00Z')))).toBe('2026-04-05T00:10');
  });

  test('a night is an hour shorter', () => {
    expect(iso(windowOpensAt(NIGHT, at('2026-03-28T12:00Z')))).toBe('2026-03-28T21:00');
    expect(iso(windowClosesAt(NIGHT, at('2026-03-28T21:00Z')))).toBe('2026-03-29T03:00');
  });
});

describe('when the clocks go back (Berlin, 25 October 2026, 03:00 is 02:00 again)', () => {
  test('a night is an hour longer', () => {
    expect(iso(windowClosesAt(NIGHT, at('2026-10-24T20:00Z')))).toBe('2026-10-25T04:00');
  });

  test('a window that closes in the hour that comes twice closes twice', () => {
    const window = berlin({ fromMinute: 60, untilMinute: 150 });
    expect(iso(windowClosesAt(window, at('2026-10-24T23:30Z')))).toBe('2026-10-25T00:30');
    expect(iso(windowOpensAt(window, at('2026-10-25T00:30Z')))).toBe('2026-10-25T01:00');
    expect(iso(windowClosesAt(window, at('2026-10-25T01:00Z')))).toBe('2026-10-25T01:30');
  });
});

/** What the wall clock shows in each minute of some days, by nothing but Intl. */
interface Wall {
  readonly timeZone: string;
  readonly startAt: number;
  readonly minutes: readonly { readonly day: number; readonly minute: number }[];
}

function wallOf(timeZone: string, start: string): Wall {
  const format = new Intl.DateTimeFormat('en-US', {
    timeZone,
    weekday: 'short',
    hour: '2-digit',
    minute: '2-digit',
    hourCycle: 'h23',
  });
  const startAt = at(`${start}T00:00Z`);
  const minutes = Array.from({ length: (9 * DAY_MS) / MINUTE_MS }, (_, index) => {
    const shown = /^(\w{3})\D+(\d\d):(\d\d)$/.exec(format.format(startAt + index * MINUTE_MS));
    return { day: DAYS[shown?.[1] ?? ''] ?? 0, minute: Number(shown?.[2]) * 60 + Number(shown?.[3]) };
  });
  return { timeZone, startAt, minutes };
}

/** Open by the words of the documentation, minute by minute. */
function opennessOf(wall: Wall, window: JobWindow): boolean[] {
  const { days, fromMinute, untilMinute } = window;
  return wall.minutes.map(({ day, minute }) => {
    const isToday = days.includes(day);
    const wasYesterday = days.includes(((day + 5) % 7) + 1);
    if (fromMinute < untilMinute) return isToday && fromMinute <= minute && minute < untilMinute;
    return (isToday && minute >= fromMinute) || (wasYesterday && minute < untilMinute);
  });
}

const minuteOfDay = fc.oneof(
  fc.integer({ min: 0, max: 1439 }),
  // Where clocks are changed.
  fc.integer({ min: 0, max: 240 }),
  fc.constantFrom(0, 30, 60, 90, 120, 150, 180, 1380, 1439),
);

describe('minute by minute, next to a clock on the wall', () => {
  test.each([
    ['Europe/Berlin', '2026-03-25'],
    ['Europe/Berlin', '2026-10-21'],
    ['America/New_York', '2026-03-04'],
    ['America/New_York', '2026-10-28'],
    ['Asia/Kolkata', '2028-02-25'],
    ['Australia/Lord_Howe', '2026-04-01'],
    ['Australia/Lord_Howe', '2026-09-30'],
    ['Pacific/Apia', '2011-12-26'],
    ['America/Santiago', '2026-04-01'],
    ['America/Santiago', '2026-09-02'],
    ['UTC', '2028-02-25'],
  ])('windows of %s from %s open and close when it says', (timeZone, start) => {
    const wall = wallOf(timeZone, start);
    const endAt = wall.startAt + wall.minutes.length * MINUTE_MS;
    fc.assert(
      fc.property(
        fc.uniqueArray(fc.integer({ min: 1, max: 7 }), { minLength: 1, maxLength: 7 }),
        minuteOfDay,
        fc.option(minuteOfDay, { nil: undefined }),
        fc.integer({ min: 0, max: wall.minutes.length * MINUTE_MS - 1 }),
        (days, fromMinute, until, passedMs) => {
          const window: JobWindow = { days, fromMinute, untilMinute: until ?? fromMinute, timeZone };
          const openness = opennessOf(wall, window);
          const now = wall.startAt + passedMs;
          const index = Math.floor(passedMs / MINUTE_MS);
          const isOpen = openness[index] === true;
          expect(isWindowOpen(window, now)).toBe(isOpen);
          const changed = openness.findIndex((open, minute) => minute > index && open !== isOpen);
          const change = isOpen ? windowClosesAt(window, now) : windowOpensAt(window, now);
          // After the last minute that the wall was watched the answer may be anything later, or never.
          const seen = Math.min(change ?? endAt, endAt);
          expect(seen).toBe(changed === -1 ? endAt : wall.startAt + changed * MINUTE_MS);
        },
      ),
      { numRuns: 60 },
    );
  });
});
