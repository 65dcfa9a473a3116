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

const PAUSE_MS = 30_000;

test('a request that is admitted in the moment in which a pause begins leaves after the pause', async () => {
  const clock = createVirtualClock();
  const api = createFakeApi(clock, () => OK);
  const file = await openRun(await temporaryFolder(), [{ id: 'abcdef0' }]);
  onTestFinished(() => file.close());
  const journal = file.journal();
  const [deletion] = journal.pending(-1, 1);
  if (deletion === undefined) throw new Error('nothing is planned');

  const limiter = createRateLimiter({ rate: { count: 5, windowMs: 1_000 }, clock });
  let admitted = 0;

  await clock.runUntil(
    deleteOne(deletion, {
      journal,
      api,
      clock,
      limiter: {
        ...limiter,
        tryAdmit: () => 'wait',
        async admit(signal) {
          const isAdmitted = await limiter.admit(signal);
          admitted += 1;
          // The answer to another row, between the admission and the row that hears of it.
          if (admitted === 1) limiter.pause(PAUSE_MS);
          return isAdmitted;
        },
      },
      breaker: createBreaker({ clock, idsLeft: () => 1_000 }),
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
    }),
  );
  await journal.flush();

  expect(admitted).toBe(2);
  expect(api.requests).toEqual([{ id: 'abcdef0', at: PAUSE_MS }]);
  const [row] = file.record().deletions();
  expect(row).toMatchObject({ final: { outcome: 'deleted' }, history: { attempts: 1 } });
});
