import { expect, onTestFinished, test } from 'vitest';
import type { DeleteApi } from '../src/ports.ts';
import { carryOut } from '../src/purge.ts';
import { systemClock } from '../src/system-clock.ts';
import { openRun } from './helpers/run-files.ts';
import { temporaryFolder } from './helpers/temporary-folder.ts';

test('a bug in the middle of a run is recorded as the end of its life, and what may have been sent stays known', async () => {
  const run = await openRun(await temporaryFolder(), [{ id: 'abcdef01' }, { id: 'abcdef02' }]);
  onTestFinished(() => run.close());
  const { runId, planned, settings } = run.header;
  const never = new AbortController().signal;
  const api: DeleteApi = {
    send: () => Promise.reject(new TypeError('not a function')),
    close: () => Promise.resolve(),
  };
  const ending = carryOut(
    {
      api,
      journal: run.journal(),
      holds: { find: () => undefined, summaries: () => [], refresh: () => Promise.resolve() },
      clock: systemClock,
      random: () => 0.5,
      onEvent: () => {},
    },
    {
      runId,
      planned,
      settings: { ...settings, concurrency: 1 },
      signal: never,
      forceSignal: never,
      life: { keyFingerprint: '01234567', toolVersion: '0.1.0', holdFiles: [] },
    },
  );
  await expect(ending).rejects.toThrow(TypeError);
  const record = run.record();
  expect(record.lastLife?.end).toMatchObject({ exitCode: 1, stopReason: 'bug' });
  expect(record.totals()).toMatchObject({
    pending: 2,
    requests: 1,
    counts: { unknown: 1, not_attempted: 1 },
  });
});
