import { describe, expect, onTestFinished, test } from 'vitest';
import { createBreaker, type Breaker } from '../../src/execute/breaker.ts';
import { deleteOne } from '../../src/execute/delete-one.ts';
import type { Execution } from '../../src/execute/execution.ts';
import { createRateLimiter, type RateLimiter } from '../../src/execute/rate-limiter.ts';
import { createRetryBudget } from '../../src/execute/retry-budget.ts';
import { Places } from '../../src/execute/places.ts';
import { RunControl } from '../../src/execute/run-control.ts';
import { createStopRules } from '../../src/execute/stop-rules.ts';
import { freshHolds } from '../../src/execute/fresh-holds.ts';
import { PurgeError } from '../../src/errors.ts';
import type { PendingDeletion, RunRecord } from '../../src/ports.ts';
import type { Verdict } from '../../src/types.ts';
import { createFakeApi, OK, type FakeApi } from '../helpers/fake-api.ts';
import { openRun } from '../helpers/run-files.ts';
import { temporaryFolder } from '../helpers/temporary-folder.ts';
import { createVirtualClock, type VirtualClock } from '../helpers/virtual-clock.ts';

const BREAKER_WAIT_MS = 15_000;
const PAUSE_MS = 30_000;
const CONNECT_MS = 2_000;
const REFUSED: Verdict = {
  applied: 'no',
  next: 'retry',
  outcome: 'failed',
  effect: { type: 'none' },
  status: null,
  detail: 'not sent: connection refused',
  retryAfterMs: null,
};

interface Setup {
  readonly deletion: PendingDeletion;
  readonly clock: VirtualClock;
  readonly api: FakeApi;
  readonly limiter: RateLimiter;
  readonly run: Execution;
  readonly rows: () => ReturnType<RunRecord['deletions']>;
}

/** A run of one deletion, which the API carries out. */
async function setUp(): Promise<Setup> {
  const clock = createVirtualClock();
  const api = createFakeApi(clock, () => OK);
  const file = await openRun(await temporaryFolder(), [{ id: 'abcdef0' }]);
  onTestFinished(() => file.close());
  const journal = file.journal();
  const [deletion] = journal.pending(-1, 1);
  if (deletion === undefined) throw new Error('nothing is planned');
  const limiter = createRateLimiter({ rate: { count: 5, windowMs: 1_000 }, clock });
  const run: Execution = {
    journal,
    api,
    clock,
    limiter,
    breaker: createBreaker({ clock, idsLeft: () => 1_000 }),
    random: () => 0.5,
    control: new RunControl(() => {}),
    stopRules: createStopRules({ allowNotFound: false }),
    budget: createRetryBudget({ planned: 1, alreadyCharged: 0 }),
    holds: {
      areStale: () => false,
      areUnreadable: () => false,
      refresh: () => Promise.resolve(),
      find: () => undefined,
    },
    onEvent: () => {},
    warnOnce: () => {},
    tellWhenDurable: () => {},
    inFlight: new Places(1),
    attempts: 4,
    sending: { timeoutMs: 15_000 },
  };
  return { deletion, clock, api, limiter, run, rows: () => file.record().deletions() };
}

/** Requests of three other rows fail, so often that the breaker opens. */
function failOthers(breaker: Breaker): void {
  for (let failure = 0; failure < 10; failure += 1) breaker.record(100 + (failure % 3), true);
}

/** Each request waits for its admission. `happen` comes after the first, before the row hears that it is admitted. */
function admitting(
  limiter: RateLimiter,
  happen: () => void,
): RateLimiter & { readonly admitted: () => number } {
  let admitted = 0;
  return {
    ...limiter,
    tryAdmit: () => 'wait',
    async admit(signal) {
      const isAdmitted = await limiter.admit(signal);
      admitted += 1;
      if (admitted === 1) happen();
      return isAdmitted;
    },
    admitted: () => admitted,
  };
}

/** The first request waits for its connection, and something happens meanwhile; the others have one. */
function connecting({ api, clock, run }: Setup, happen: () => void): Execution {
  let sends = 0;
  return {
    ...run,
    api: {
      ...api,
      async send(...request) {
        sends += 1;
        if (sends === 1) {
          await clock.sleep(CONNECT_MS);
          happen();
        }
        return api.send(...request);
      },
    },
  };
}

test('a probe that a pause sends back before it left is the probe again after the pause', async () => {
  const { deletion, clock, api, limiter, run, rows } = await setUp();
  const { breaker, journal } = run;
  // The late answer to yet another row asks for a pause while the probe is recorded.
  failOthers(breaker);
  const begin = journal.begin.bind(journal);
  let begun = 0;
  journal.begin = (...intent) => {
    begun += 1;
    if (begun === 1) limiter.pause(PAUSE_MS);
    return begin(...intent);
  };

  await clock.runUntil(deleteOne(deletion, run));
  await journal.flush();

  expect(begun).toBe(2);
  expect(api.requests).toEqual([{ id: 'abcdef0', at: BREAKER_WAIT_MS + PAUSE_MS }]);
  expect(breaker.isOpen).toBe(false);
  const [row] = rows();
  expect(row).toMatchObject({ final: { outcome: 'deleted' }, history: { attempts: 1 } });
});

test('a request that is admitted in the moment in which a pause begins leaves after the pause', async () => {
  const { deletion, clock, api, limiter, run, rows } = await setUp();
  // The answer to another row asks for it.
  const pausing = admitting(limiter, () => limiter.pause(PAUSE_MS));

  await clock.runUntil(deleteOne(deletion, { ...run, limiter: pausing }));
  await run.journal.flush();

  expect(pausing.admitted()).toBe(2);
  expect(api.requests).toEqual([{ id: 'abcdef0', at: PAUSE_MS }]);
  const [row] = rows();
  expect(row).toMatchObject({ final: { outcome: 'deleted' }, history: { attempts: 1 } });
});

describe('while a request waits for its connection', () => {
  test('a stop keeps it back, and nothing is on record of it', async () => {
    const setup = await setUp();
    const { deletion, clock, api, run, rows } = setup;
    const stopping = connecting(setup, () => run.control.stop('signal', 'somebody pressed Ctrl-C'));

    await clock.runUntil(deleteOne(deletion, stopping));
    await run.journal.flush();

    expect(api.requests).toEqual([]);
    const [row] = rows();
    expect(row).toMatchObject({ final: null, history: { attempts: 0, mayBeApplied: false } });
  });

  test('a pause keeps it back until the pause is over', async () => {
    const setup = await setUp();
    const { deletion, clock, api, limiter, run, rows } = setup;

    await clock.runUntil(
      deleteOne(
        deletion,
        connecting(setup, () => limiter.pause(PAUSE_MS)),
      ),
    );
    await run.journal.flush();

    expect(api.requests).toEqual([{ id: 'abcdef0', at: CONNECT_MS + PAUSE_MS }]);
    const [row] = rows();
    expect(row).toMatchObject({
      final: { outcome: 'deleted' },
      history: { attempts: 1, firstSentAt: CONNECT_MS + PAUSE_MS },
    });
  });

  test('a hold that comes keeps it back for good', async () => {
    const setup = await setUp();
    const { deletion, clock, api, run, rows } = setup;
    let hold: { reason: string; path: string } | undefined;
    const held: Execution = {
      ...connecting(setup, () => (hold = { reason: 'dispute', path: 'holds.csv' })),
      holds: { ...run.holds, find: () => hold },
    };

    await clock.runUntil(deleteOne(deletion, held));
    await run.journal.flush();

    expect(api.requests).toEqual([]);
    const [row] = rows();
    expect(row).toMatchObject({ final: { outcome: 'held', detail: 'dispute (holds.csv)' } });
  });

  test('hold files that cannot be read any more keep it back until they can', async () => {
    const setup = await setUp();
    const { deletion, clock, api, run } = setup;
    let isBroken = false;
    const holds = freshHolds(
      {
        find: () => undefined,
        summaries: () => [{ path: 'holds.csv', sha256: '', entries: 1 }],
        refresh: () => (isBroken ? Promise.reject(new PurgeError('usage', 'malformed')) : Promise.resolve()),
      },
      clock,
      run.control,
    );
    // Another row looks at them meanwhile.
    const look = async (): Promise<void> => {
      await clock.sleep(CONNECT_MS - 500);
      isBroken = true;
      await holds.refresh();
    };
    void look();
    void clock.sleep(CONNECT_MS + 1_700).then(() => (isBroken = false));
    await clock.runUntil(deleteOne(deletion, { ...connecting(setup, () => {}), holds }));
    expect(api.requests).toHaveLength(1);
    expect(api.requests[0]?.at).toBeGreaterThanOrEqual(CONNECT_MS + 1_700);
  });

  test('one that never gets any takes nothing of the rate for good', async () => {
    const { deletion, clock, limiter, run } = await setUp();
    const refused: Execution = {
      ...run,
      attempts: 1,
      api: {
        send: async () => ({ verdict: REFUSED, endedAt: clock.now() }),
        close: () => Promise.resolve(),
      },
    };
    await clock.runUntil(deleteOne(deletion, refused));
    await clock.advance(2_000);
    expect([limiter.tryAdmit(), limiter.tryAdmit(), limiter.tryAdmit()]).toEqual(['go', 'go', 'wait']);
  });
});

test('an outage that begins while a request waits for its admission keeps it back, and costs it no attempt', async () => {
  const { deletion, clock, api, limiter, run, rows } = await setUp();
  const { breaker } = run;
  const failing = admitting(limiter, () => failOthers(breaker));
  let sends = 0;
  const counted: FakeApi = {
    ...api,
    send(...request) {
      sends += 1;
      return api.send(...request);
    },
  };

  await clock.runUntil(deleteOne(deletion, { ...run, api: counted, limiter: failing }));
  await run.journal.flush();

  expect(sends).toBe(1);
  expect(api.requests).toEqual([{ id: 'abcdef0', at: BREAKER_WAIT_MS }]);
  const [row] = rows();
  expect(row).toMatchObject({ final: { outcome: 'deleted' }, history: { attempts: 1 } });
});
