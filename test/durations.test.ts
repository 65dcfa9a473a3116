import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { formatDuration, parseDuration } from '../src/durations.ts';

const valueOf = (parsed: { ok: boolean; value?: unknown }): unknown => (parsed.ok ? parsed.value : 'refused');

describe('durations', () => {
  test.each([
    ['500ms', 500],
    ['15s', 15_000],
    ['10m', 600_000],
    ['2h', 7_200_000],
    ['30d', 2_592_000_000],
    ['1h30m', 5_400_000],
    ['1m500ms', 60_500],
  ])('%s is %d ms', (text, ms) => {
    expect(valueOf(parseDuration(text))).toBe(ms);
  });

  test.each([
    '',
    '0s',
    '15',
    's',
    '1.5h',
    '-1s',
    '1 h',
    '1H',
    '30m1h',
    '1h1h',
    '1e3s',
    '015s',
    '99999d',
    '1h ',
  ])('"%s" is refused', (text) => {
    expect(parseDuration(text).ok).toBe(false);
  });

  test.each([
    [0, '0s'],
    [350, '350ms'],
    [999.6, '1s'],
    [248_000, '4m 8s'],
    [183_600_000, '2d 3h'],
  ])('%d ms is shown as %s', (ms, shown) => {
    expect(formatDuration(ms)).toBe(shown);
  });

  test('what is shown reads back within a second, or a unit of the second place', () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 86_400_000 }), (ms) => {
        const shown = parseDuration(formatDuration(ms).replaceAll(' ', ''));
        const slack = ms < 3_600_000 ? 1000 : 60_000;
        expect(shown.ok && Math.abs(shown.value - ms)).toBeLessThanOrEqual(slack);
      }),
    );
  });
});
