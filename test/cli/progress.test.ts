import * as fc from 'fast-check';
import { describe, expect, test, vi } from 'vitest';
import { createLog } from '../../src/cli/logging.ts';
import { Progress } from '../../src/cli/progress.ts';
import { progressLine, type ProgressFacts } from '../../src/cli/progress-line.ts';
import { paintNothing, type Terminal } from '../../src/cli/terminal.ts';
import { OUTCOMES, type Outcome } from '../../src/types.ts';

const SETTINGS = {
  rate: { count: 5, windowMs: 1000 },
  concurrency: 1,
  attempts: 1,
  timeoutMs: 1,
  maxDurationMs: null,
  allowNotFound: false,
};

interface Following {
  readonly progress: Progress;
  /** The line that is drawn last. */
  readonly shown: () => string;
  readonly pass: (ms: number) => void;
  readonly follow: (outcome: Outcome) => void;
}

/** A run that is followed on a terminal of so many columns. */
function following(planned: number, pending: number, columns: number): Following {
  let line = '';
  let now = 0;
  const terminal: Terminal = {
    isInteractive: true,
    stderrIsTerminal: true,
    columns,
    dataColumns: columns,
    paintData: paintNothing,
    paintWords: paintNothing,
    protect: () => undefined,
    reveal: () => undefined,
    scrub: (text) => text,
    print: () => undefined,
    say: () => undefined,
    showStatus: (text) => (line = text === '' ? line : text),
  };
  const log = createLog(terminal, { level: 'silent', format: 'json', shows: 'warnings' });
  const progress = new Progress({ terminal, log, isOff: false, monotonic: () => now });
  progress.follow({ type: 'started', runId: 'r', planned, pending, settings: SETTINGS });
  return {
    progress,
    shown: () => line,
    pass: (ms) => void (now += ms),
    follow(outcome) {
      progress.follow({
        type: 'outcome',
        row: 0,
        kind: 'video',
        id: 'a',
        mode: 'soft',
        outcome,
        detail: '',
        attempts: 1,
      });
    },
  };
}

describe('progress', () => {
  test('keeps apart what an earlier life did, and guesses the rest from the last rate', () => {
    const { progress, pass, follow } = following(1240, 840, 80);
    for (let row = 0; row < 41; row++) {
      if (row > 0) pass(250);
      follow(row === 0 ? 'not_found' : 'deleted');
    }
    progress.follow({ type: 'paused', reason: 'retry_after', ms: 12_000 });
    expect(progressLine(progress.facts())).toBe(
      '441/1,240  35 %  earlier 400  deleted 40  not found 1  4.0/s  paused 12s  ETA 3m 20s',
    );
    progress.stop();
  });

  test('is never faster than the rate, however soon it is looked at', () => {
    const { progress, pass, follow } = following(1000, 1000, 80);
    pass(30);
    for (let row = 0; row < 200; row++) {
      follow('deleted');
      pass(1);
      expect(progress.facts().perSecond ?? 0).toBeLessThanOrEqual(5);
      pass(199);
    }
    expect(progress.facts().perSecond).toBeCloseTo(5, 0);
    progress.stop();
  });

  test('on a narrow terminal loses whole facts, not half of a unit ("ETA 381m" for 381ms)', () => {
    vi.useFakeTimers();
    try {
      const { progress, pass, follow, shown } = following(40, 11, 40);
      for (let row = 0; row < 9; row++) {
        pass(189);
        follow('deleted');
      }
      vi.advanceTimersByTime(100);
      expect(shown()).toBe('38/40  95 %  earlier 29  ETA 1s');
      progress.stop();
    } finally {
      vi.useRealTimers();
    }
  });
});

describe('a progress line', () => {
  const facts: fc.Arbitrary<ProgressFacts> = fc.record({
    planned: fc.constant(100_000),
    done: fc.nat(100_000),
    earlier: fc.nat(50_000),
    counts: fc
      .array(fc.tuple(fc.constantFrom(...OUTCOMES), fc.integer({ min: 1, max: 50_000 })))
      .map((pairs) => new Map(pairs)),
    perSecond: fc.option(fc.double({ min: 0.1, max: 1000, noNaN: true })),
    pausedMs: fc.nat(400_000),
    etaMs: fc.option(fc.nat(10 ** 9)),
  });

  test('fits wherever its first fact fits, and says nothing that the whole line does not say', () => {
    fc.assert(
      fc.property(facts, fc.integer({ min: 15, max: 120 }), (known, columns) => {
        const line = progressLine(known, columns);
        const whole = progressLine(known).split('  ');
        expect(line.length).toBeLessThanOrEqual(columns);
        expect(whole.filter((fact) => line.split('  ').includes(fact))).toEqual(line.split('  '));
        expect(line).toContain('/100,000');
        expect(line).not.toMatch(/\dms/);
      }),
    );
  });
});
