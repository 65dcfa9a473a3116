import { describe, expect, test } from 'vitest';
import { createBreaker, type Breaker, type BreakerPass } from '../../src/execute/breaker.ts';
import { createVirtualClock, type VirtualClock } from '../helpers/virtual-clock.ts';

interface Setup {
  readonly clock: VirtualClock;
  readonly breaker: Breaker;
  readonly waits: number[];
  readonly abort: AbortController;
  /** Asks to enter, and tells what came of it so far. */
  readonly enter: (row: number) => { pass: BreakerPass | null };
}

function setUp(idsLeft = 1000): Setup {
  const clock = createVirtualClock();
  const waits: number[] = [];
  const breaker = createBreaker({ clock, idsLeft: () => idsLeft, onOpen: (ms) => waits.push(ms) });
  const abort = new AbortController();
  const enter: Setup['enter'] = (row) => {
    const asked: { pass: BreakerPass | null } = { pass: null };
    void breaker.enter(abort.signal, row).then((pass) => (asked.pass = pass));
    return asked;
  };
  return { clock, breaker, waits, abort, enter };
}

/** Lets these rows fail, one after the other. */
function fail(breaker: Breaker, rows: readonly number[]): void {
  for (const row of rows) breaker.record(row, true);
}

const TEN_OF_THREE = [1, 2, 3, 1, 2, 3, 1, 2, 3, 1];

describe('the breaker opens', () => {
  test('at the tenth failure in a row, when they are from three IDs', () => {
    const { breaker, waits } = setUp();
    fail(breaker, TEN_OF_THREE.slice(0, 9));
    expect(breaker.isOpen).toBe(false);
    fail(breaker, [1]);
    expect(breaker.isOpen).toBe(true);
    expect(waits).toEqual([15_000]);
  });

  test('not for ten failures of two IDs, but as soon as a third fails too', () => {
    const { breaker } = setUp();
    fail(breaker, [1, 2, 1, 2, 1, 2, 1, 2, 1, 2, 1, 2]);
    expect(breaker.isOpen).toBe(false);
    fail(breaker, [3]);
    expect(breaker.isOpen).toBe(true);
  });

  test('for ten failures of two IDs when no more are left', () => {
    const { breaker } = setUp(2);
    fail(breaker, [1, 2, 1, 2, 1, 2, 1, 2, 1, 2]);
    expect(breaker.isOpen).toBe(true);
  });

  test('not when anything but a failure comes between', () => {
    const { breaker } = setUp();
    fail(breaker, TEN_OF_THREE.slice(0, 9));
    breaker.record(4, false);
    fail(breaker, TEN_OF_THREE.slice(0, 9));
    expect(breaker.isOpen).toBe(false);
  });

  test('not for ten failures in a row of one ID, whatever failed before the row', () => {
    const { breaker } = setUp();
    fail(breaker, [1, 2]);
    breaker.record(4, false);
    fail(breaker, [3, 3, 3, 3, 3, 3, 3, 3, 3, 3]);
    expect(breaker.isOpen).toBe(false);
  });

  test('counts no 429: neither as a failure nor as its end', () => {
    const { breaker } = setUp();
    fail(breaker, TEN_OF_THREE.slice(0, 9));
    for (let row = 0; row < 60; row += 1) breaker.throttled(row);
    expect(breaker.isOpen).toBe(false);
    fail(breaker, [1]);
    expect(breaker.isOpen).toBe(true);
  });

  test('at 25 failures among the last 50 attempts', () => {
    const { breaker } = setUp();
    for (let row = 0; row < 24; row += 1) {
      breaker.record(row, true);
      breaker.record(row, false);
    }
    expect(breaker.isOpen).toBe(false);
    breaker.record(24, true);
    expect(breaker.isOpen).toBe(true);
  });

  test('not for 24 among any 50 attempts, however long that goes on', () => {
    const { breaker } = setUp();
    for (let attempt = 0; attempt < 1000; attempt += 1) {
      const place = attempt % 50;
      breaker.record(attempt, place < 48 && place % 2 === 0);
    }
    expect(breaker.isOpen).toBe(false);
  });
});

describe('an open breaker', () => {
  test('lets everybody in at once before it opens', async () => {
    const { breaker, abort } = setUp();
    await expect(breaker.enter(abort.signal, 1)).resolves.toBe('go');
  });

  test('lets nobody in for 15 seconds, then exactly one as the probe', async () => {
    const { clock, breaker, enter } = setUp();
    fail(breaker, TEN_OF_THREE);
    const [first, second] = [enter(7), enter(8)];
    await clock.advance(14_999);
    expect([first.pass, second.pass]).toEqual([null, null]);
    await clock.advance(1);
    expect([first.pass, second.pass]).toEqual(['probe', null]);
    const third = enter(9);
    await clock.advance(60_000);
    expect([second.pass, third.pass]).toEqual([null, null]);
  });

  test('closes when the probe is answered, and then counts from nothing', async () => {
    const { clock, breaker, enter } = setUp();
    fail(breaker, TEN_OF_THREE);
    const [first, second] = [enter(7), enter(8)];
    await clock.advance(15_000);
    expect(first.pass).toBe('probe');
    breaker.record(7, false);
    await clock.advance(0);
    expect(second.pass).toBe('go');
    fail(breaker, TEN_OF_THREE.slice(0, 9));
    expect(breaker.isOpen).toBe(false);
  });

  test('forgets the failures among the last 50 when it closes', async () => {
    const { clock, breaker, enter } = setUp();
    for (let row = 0; row < 25; row += 1) {
      breaker.record(row, false);
      breaker.record(row, true);
    }
    expect(breaker.isOpen).toBe(true);
    enter(100);
    await clock.advance(15_000);
    breaker.record(100, false);
    fail(breaker, [101]);
    expect(breaker.isOpen).toBe(false);
  });

  test('forgets which IDs had failed when it closes', async () => {
    const { clock, breaker, enter } = setUp();
    fail(breaker, TEN_OF_THREE);
    enter(100);
    await clock.advance(15_000);
    breaker.record(100, false);
    fail(breaker, [9, 9, 9, 9, 9, 9, 9, 9, 9, 9]);
    expect(breaker.isOpen).toBe(false);
  });

  test('closes when the probe gets a 429, which shows that the API is there', async () => {
    const { clock, breaker, enter } = setUp();
    fail(breaker, TEN_OF_THREE);
    enter(7);
    await clock.advance(15_000);
    breaker.throttled(7);
    expect(breaker.isOpen).toBe(false);
  });

  test('waits 15, 30, 60 and 120 seconds, with one probe each, and then gives up for everybody', async () => {
    const { clock, breaker, waits, enter } = setUp();
    fail(breaker, TEN_OF_THREE);
    const bystander = enter(1000);
    const probedAt: number[] = [];
    for (let probe = 0; probe < 4; probe += 1) {
      // The bystander asked first, so it is the one who probes; it asks again each time.
      const asked = probe === 0 ? bystander : enter(1000);
      const openedAt = clock.monotonic();
      // oxlint-disable-next-line no-await-in-loop -- probe after probe
      await clock.advance(waits.at(-1) ?? 0);
      expect(asked.pass).toBe('probe');
      probedAt.push(clock.monotonic() - openedAt);
      breaker.record(1000, true);
    }
    expect(probedAt).toEqual([15_000, 30_000, 60_000, 120_000]);
    expect(waits).toEqual([15_000, 30_000, 60_000, 120_000]);
    expect(breaker.gaveUp).toBe(true);
    const late = enter(5);
    await clock.advance(0);
    expect(late.pass).toBe('gave_up');
  });

  test('tells those who wait that it gave up', async () => {
    const { clock, breaker, enter } = setUp();
    fail(breaker, TEN_OF_THREE);
    const asked = Array.from({ length: 5 }, (_, row) => enter(row));
    for (let probe = 0; probe < 4; probe += 1) {
      // oxlint-disable-next-line no-await-in-loop -- probe after probe
      await clock.advance(120_000);
      breaker.record(probe, true);
    }
    await clock.advance(0);
    expect(asked.map(({ pass }) => pass)).toEqual(['probe', 'probe', 'probe', 'probe', 'gave_up']);
  });

  test('begins with 15 seconds again after it was closed', async () => {
    const { clock, breaker, waits, enter } = setUp();
    fail(breaker, TEN_OF_THREE);
    enter(7);
    await clock.advance(15_000);
    breaker.record(7, true);
    enter(7);
    await clock.advance(30_000);
    breaker.record(7, false);
    fail(breaker, TEN_OF_THREE);
    enter(7);
    await clock.advance(15_000);
    breaker.record(7, true);
    expect(waits).toEqual([15_000, 30_000, 15_000, 30_000]);
  });

  test('makes the next caller the probe when the probe was never sent', async () => {
    const { clock, breaker, enter } = setUp();
    fail(breaker, TEN_OF_THREE);
    const [first, second] = [enter(7), enter(8)];
    await clock.advance(15_000);
    expect(first.pass).toBe('probe');
    breaker.abandonProbe(8);
    await clock.advance(0);
    expect(second.pass).toBeNull();
    breaker.abandonProbe(7);
    await clock.advance(0);
    expect(second.pass).toBe('probe');
  });

  test('is not moved by late ends of attempts from before it opened', async () => {
    const { clock, breaker, waits, enter } = setUp();
    fail(breaker, TEN_OF_THREE);
    breaker.record(50, false);
    breaker.throttled(51);
    breaker.record(52, true);
    const probe = enter(7);
    await clock.advance(14_999);
    expect(probe.pass).toBeNull();
    await clock.advance(1);
    expect(probe.pass).toBe('probe');
    breaker.record(53, true);
    breaker.record(54, false);
    expect(breaker.isOpen).toBe(true);
    expect(waits).toEqual([15_000]);
  });

  test('lets go of everybody whose signal aborts, at once', async () => {
    const { clock, breaker, abort, enter } = setUp();
    fail(breaker, TEN_OF_THREE);
    const asked = [enter(7), enter(8)];
    await clock.advance(1000);
    abort.abort();
    await clock.advance(0);
    expect(asked.map(({ pass }) => pass)).toEqual(['aborted', 'aborted']);
    expect(clock.sleeping).toBe(0);
    await expect(breaker.enter(abort.signal, 9)).resolves.toBe('aborted');
  });
});
