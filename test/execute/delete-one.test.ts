import pLimit from 'p-limit';
import { expect, onTestFinished, test } from 'vitest';
import { createBreaker } from '../../src/execute/breaker.ts';
import { deleteOne } from '../../src/execute/delete-one.ts';
import { createRateLimiter } from '../../src/execute/rate-limiter.ts';
import { createRetryBudget } from '../../src/execute/retry-budget.ts';
import { RunControl } from '../../src/execute/run-control.ts';
import { createStopRules } from '../../src/execute/stop-rules.ts';
import { createFakeApi, OK } from '../helpers/fake-api.ts';
import { openRun } from '../helpers/run-files.ts';
import { temporaryFolder } from '../helpers/temporary-folder.ts';
import { createVirtualClock } from '../helpers/virtual-clock.ts';

const BREAKER_WAIT_MS = 15_000;
const PAUSE_MS = 30_000;

test('a probe that a pause sends back before it left is the probe again after the pause', async () => {
  const clock = createVirtualClock();
  const api = createFakeApi(clock, () => OK);
  const file = await openRun(await temporaryFolder(), [{ id: 'abcdef0' }]);
  onTestFinished(() => file.close());
  const journal = file.journal();
  const [deletion] = journal.pending(-1, 1);
  if (deletion === undefined) throw new Error('nothing is planned');

  const limiter = createRateLimiter({ rate: { count: 5, windowMs: 1_000 }, clock });
  const breaker = createBreaker({ clock, idsLeft: () => 1_000 });
  // Requests of three other rows fail, and the late answer to a fourth asks for a pause while the probe is recorded.
  for (let failure = 0; failure < 10; failure += 1) breaker.record(100 + (failure % 3), true);
  const begin = journal.begin.bind(journal);
  let begun = 0;
  journal.begin = (...intent) => {
    begun += 1;
    if (begun === 1) limiter.pause(PAUSE_MS);
    return begin(...intent);
  };

  const turn = deleteOne(deletion, {
    journal,
    api,
    clock,
    limiter,
    breaker,
    random: () => 0.5,
    control: new RunControl(() => {}),
    stopRules: createStopRules({ allowNotFound: false }),
    budget: createRetryBudget({ planned: 1, alreadyCharged: 0 }),
    holds: { areStale: () => false, refresh: () => Promise.resolve(), find: () => undefined },
    onEvent: () => {},
    warnOnce: () => {},
    tellWhenDurable: () => {},
    inFlight: pLimit(1),
    attempts: 4,
    sending: { timeoutMs: 15_000 },
  });
  await clock.runUntil(turn);
  await journal.flush();

  expect(begun).toBe(2);
  expect(api.requests).toEqual([{ id: 'abcdef0', at: BREAKER_WAIT_MS + PAUSE_MS }]);
  expect(breaker.isOpen).toBe(false);
  const [row] = file.record().deletions();
  expect(row).toMatchObject({ final: { outcome: 'deleted' }, history: { attempts: 1 } });
});
