import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { describe, expect, onTestFinished, test } from 'vitest';
import { PurgeError } from '../../src/errors.ts';
import { executePlan } from '../../src/execute/execute-plan.ts';
import type { Stop } from '../../src/execute/run-control.ts';
import type { Holds, PurgeEvent, RecordedDeletion, RunJournal } from '../../src/ports.ts';
import { RunFile } from '../../src/store/run-file.ts';
import type { ExecutionSettings } from '../../src/types.ts';
import {
  BAD_KEY,
  createFakeApi,
  OK,
  THROTTLED,
  UNAVAILABLE,
  UNKNOWN_ID,
  type FakeAnswer,
  type FakeApi,
} from '../helpers/fake-api.ts';
import { saveRun, type PlannedId } from '../helpers/run-files.ts';
import { temporaryFolder } from '../helpers/temporary-folder.ts';
import { createVirtualClock, type VirtualClock } from '../helpers/virtual-clock.ts';

const SETTINGS: ExecutionSettings = {
  rate: { count: 100, windowMs: 1_000 },
  concurrency: 4,
  attempts: 4,
  timeoutMs: 15_000,
  maxDurationMs: null,
  allowNotFound: false,
};

const NO_HOLDS: Holds = { find: () => undefined, summaries: () => [], refresh: () => Promise.resolve() };

interface Life {
  readonly stop: Stop | null;
  readonly api: FakeApi;
  readonly clock: VirtualClock;
  readonly events: readonly PurgeEvent[];
  readonly rows: readonly RecordedDeletion[];
  readonly tookMs: number;
  outcomes(): readonly string[];
}

interface LifeOptions {
  readonly settings?: Partial<ExecutionSettings>;
  readonly holds?: Holds;
  readonly signal?: AbortSignal;
  readonly forceSignal?: AbortSignal;
  readonly startAt?: number;
  /** What recording the n-th intent (from 1) fails with. */
  readonly failBegin?: (n: number) => PurgeError | undefined;
  /** Called with the clock before the run starts. */
  readonly meanwhile?: (clock: VirtualClock) => void;
}

function ids(count: number): PlannedId[] {
  return Array.from({ length: count }, (_, index) => ({ id: `abc${String(index).padStart(5, '0')}` }));
}

/** One life of a run in `folder`, in virtual time, with the real run file. */
async function live(
  folder: string,
  answers: (id: string, n: number, total: number) => FakeAnswer,
  options: LifeOptions = {},
): Promise<Life> {
  const clock = createVirtualClock(options.startAt ?? 1_767_323_045_000);
  const api = createFakeApi(clock, answers);
  const events: PurgeEvent[] = [];
  const run = new RunFile(folder, { readOnly: false });
  onTestFinished(() => run.close());
  const journal = run.journal((commit, lingerMs) => {
    if (lingerMs === 0) setImmediate(commit);
    else void clock.sleep(lingerMs).then(commit);
  });
  if (options.failBegin !== undefined) failBegins(journal, options.failBegin);
  const settings = { ...SETTINGS, ...options.settings };
  const started = clock.monotonic();
  await clock.runUntil(
    journal.startLife({
      startedAt: clock.now(),
      keyFingerprint: 'x',
      settings,
      toolVersion: '0.1.0',
      holdFiles: [],
    }),
  );
  options.meanwhile?.(clock);
  const never = new AbortController().signal;
  const stop = await clock.runUntil(
    executePlan(
      {
        journal,
        api,
        clock,
        holds: options.holds ?? NO_HOLDS,
        random: () => 0.5,
        onEvent: (event) => events.push(event),
      },
      {
        settings,
        planned: run.header.planned,
        signal: options.signal ?? never,
        forceSignal: options.forceSignal ?? never,
      },
    ),
  );
  const rows = [...run.record().deletions()];
  return {
    stop,
    api,
    clock,
    events,
    rows,
    tookMs: clock.monotonic() - started,
    outcomes: () => rows.map(({ final }) => final?.outcome ?? 'open'),
  };
}

function failBegins(journal: RunJournal, failure: (n: number) => PurgeError | undefined): void {
  const begin = journal.begin.bind(journal);
  let n = 0;
  journal.begin = (...parameters) => {
    n += 1;
    const error = failure(n);
    return error === undefined ? begin(...parameters) : Promise.reject(error);
  };
}

async function newRun(count: number): Promise<string> {
  return saveRun(await temporaryFolder(), ids(count));
}

function holdOn(id: string): Holds {
  return {
    ...NO_HOLDS,
    summaries: () => [{ path: 'holds.csv', sha256: '', entries: 1 }],
    find: (_, other) => (other === id ? { reason: 'legal hold', path: 'holds.csv' } : undefined),
  };
}

describe('a plan that is carried out', () => {
  test('sends each ID once, in plan order, and records what the API said', async () => {
    const life = await live(await newRun(20), () => OK);
    expect(life.stop).toBeNull();
    expect(life.api.requests.map(({ id }) => id)).toEqual(ids(20).map(({ id }) => id));
    expect(new Set(life.outcomes())).toEqual(new Set(['deleted']));
    expect(life.events.filter(({ type }) => type === 'outcome')).toHaveLength(20);
  });

  test('keeps the rate, spaced', async () => {
    const life = await live(await newRun(60), () => OK, {
      settings: { rate: { count: 10, windowMs: 1_000 } },
    });
    const times = life.api.requests.map(({ at }) => at);
    for (const at of times) {
      expect(times.filter((other) => other >= at && other < at + 1_000).length).toBeLessThanOrEqual(10);
    }
    const gaps = times.slice(1).map((at, index) => at - (times[index] ?? 0));
    expect(Math.min(...gaps)).toBeGreaterThan(80);
    expect(life.tookMs).toBeLessThan(6_500);
  });

  test('takes an unknown ID after a lost answer for deleted by us, and says so', async () => {
    const life = await live(await newRun(1), (_, n) => (n === 1 ? { lost: 'sent' } : UNKNOWN_ID));
    expect(life.rows[0]?.final).toMatchObject({ outcome: 'deleted_inferred' });
    expect(life.rows[0]?.history.attempts).toBe(2);
  });

  test('takes an unknown ID after a request that never left for not found', async () => {
    const life = await live(await newRun(1), (_, n) => (n === 1 ? { lost: 'not_sent' } : UNKNOWN_ID));
    expect(life.outcomes()).toEqual(['not_found']);
  });

  test('lets an earlier "maybe" stand when a later answer only proves that it did nothing itself', async () => {
    const life = await live(await newRun(1), (_, n) =>
      n === 1 ? UNAVAILABLE : { status: 403, body: '{"error":"forbidden"}' },
    );
    expect(life.rows[0]?.final).toMatchObject({ outcome: 'unknown', status: 403 });
  });

  test('says failed when no attempt can have done anything, unknown when one may have', async () => {
    const life = await live(await newRun(2), (id) => ({ lost: id.endsWith('0') ? 'not_sent' : 'sent' }));
    expect(life.outcomes()).toEqual(['failed', 'unknown']);
    expect(life.api.requests).toHaveLength(8);
  });

  test('ends within the retry budget when everything fails', async () => {
    const life = await live(await newRun(200), () => ({ status: 409, body: '{"error":"busy"}' }));
    expect(life.api.requests).toHaveLength(200 + 20);
    expect(life.events.filter(({ type }) => type === 'warning')).toHaveLength(1);
    expect(life.rows.at(-1)?.final?.detail).toContain('the retries of the whole run are used up');
    expect(new Set(life.outcomes())).toEqual(new Set(['failed']));
  });

  test('does not count 429 against attempts or the budget, and gives up an ID after ten of them', async () => {
    const nine = await live(await newRun(1), (_, n) => (n <= 10 ? THROTTLED : OK), {
      settings: { attempts: 1 },
    });
    expect(nine.outcomes()).toEqual(['deleted']);
    const always = await live(await newRun(1), () => THROTTLED);
    expect(always.api.requests).toHaveLength(11);
    expect(always.outcomes()).toEqual(['failed']);
  });

  test('sends nothing inside a pause that the API asked for, whoever it told', async () => {
    const life = await live(await newRun(100), (_, n, total) =>
      n === 1 && total === 20 ? { ...THROTTLED, retryAfter: '30' } : OK,
    );
    const told = (life.api.requests[19]?.at ?? 0) + 10;
    const inside = life.api.requests.filter(({ at }) => at > told && at < told + 30_000);
    expect(inside).toEqual([]);
    expect(new Set(life.outcomes())).toEqual(new Set(['deleted']));
  });
});

describe('a run at full speed', () => {
  const FULL_SPEED = { rate: { count: 100_000, windowMs: 1_000 }, concurrency: 4 };

  test('records some intents ahead, but never has more requests in flight than it may', async () => {
    const folder = await newRun(200);
    let most = 0;
    const beginning = new DatabaseSync(join(folder, 'run.db'), { readOnly: true });
    onTestFinished(() => beginning.close());
    const life = await live(
      folder,
      (_, __, total) => {
        const counted = beginning.prepare('SELECT count(*) AS begun FROM attempt').get();
        most = Math.max(most, Number(counted?.['begun']) - total);
        return OK;
      },
      { settings: FULL_SPEED },
    );
    expect(life.outcomes().every((outcome) => outcome === 'deleted')).toBe(true);
    // 10 ms an answer: so many can only be asked at a time.
    const inFlight = life.api.requests.map(
      ({ at }) => life.api.requests.filter((other) => other.at <= at && other.at > at - 10).length,
    );
    expect(Math.max(...inFlight)).toBe(4);
    // Seven for each of those in flight, and these, less the one that is just sent.
    expect(most).toBeGreaterThan(3);
    expect(most).toBeLessThanOrEqual(31);
  });

  test('takes back what it had recorded ahead when an answer stops it, and sends nothing of it', async () => {
    const life = await live(await newRun(500), (_, __, total) => (total > 100 ? BAD_KEY : OK), {
      settings: FULL_SPEED,
    });
    expect(life.stop).toMatchObject({ reason: 'unauthorized' });
    expect(life.api.requests.length).toBeLessThanOrEqual(104);
    const attempts = life.rows.reduce((sum, { history }) => sum + history.attempts, 0);
    expect(attempts).toBe(life.api.requests.length);
  });

  test('below it, exactly what is sent is recorded as begun', async () => {
    const folder = await newRun(50);
    const reader = new DatabaseSync(join(folder, 'run.db'), { readOnly: true });
    onTestFinished(() => reader.close());
    const ahead: number[] = [];
    await live(folder, (_, __, total) => {
      const counted = reader.prepare('SELECT count(*) AS begun FROM attempt').get();
      ahead.push(Number(counted?.['begun']) - total);
      return { status: 200, afterMs: 1_000 };
    });
    // At 100/s and 4 at a time, every one that is recorded leaves in the same moment.
    expect(Math.max(...ahead)).toBeLessThanOrEqual(3);
  });
});

describe('a run that stops', () => {
  test('lets at most `concurrency` requests see a 401, and leaves the rest to resume', async () => {
    const life = await live(await newRun(500), (_, __, total) => (total > 100 ? BAD_KEY : OK));
    expect(life.stop).toMatchObject({
      reason: 'unauthorized',
      detail: 'The API refused the key: Invalid access token',
    });
    expect(life.api.requests.length).toBeLessThanOrEqual(104);
    expect(life.outcomes().filter((outcome) => outcome === 'deleted')).toHaveLength(100);
    expect(life.outcomes().filter((outcome) => outcome === 'open')).toHaveLength(400);
  });

  test('stops when too many IDs are not known, unless that is allowed', async () => {
    const life = await live(await newRun(50), () => UNKNOWN_ID, { settings: { concurrency: 1 } });
    expect(life.stop).toMatchObject({ reason: 'not_found_surge' });
    expect(life.api.requests).toHaveLength(5);
    const allowed = await live(await newRun(50), () => UNKNOWN_ID, { settings: { allowNotFound: true } });
    expect(allowed.stop).toBeNull();
    expect(allowed.api.requests).toHaveLength(50);
  });

  test('drains when the API asks for a pause of more than five minutes, and says until when', async () => {
    const life = await live(await newRun(50), (_, __, total) =>
      total === 10 ? { ...THROTTLED, retryAfter: '3600' } : OK,
    );
    expect(life.stop).toMatchObject({ reason: 'long_retry_after' });
    const told = (life.api.requests[9]?.at ?? 0) + 10;
    expect(life.stop?.notBefore).toBe(Math.floor(told) + 3_600_000);
    expect(life.api.requests.length).toBeLessThanOrEqual(14);
  });

  test('waits out an outage with one probe at a time, and gives up after the fourth', async () => {
    const life = await live(await newRun(300), () => ({ lost: 'not_sent' }));
    expect(life.stop).toMatchObject({ reason: 'outage' });
    const probes = life.api.requests.slice(-4).map(({ at }) => at);
    const gaps = probes.map((at, index) => at - (probes[index - 1] ?? life.api.requests.at(-5)?.at ?? 0));
    expect(gaps.map((gap) => Math.round(gap / 1_000))).toEqual([15, 30, 60, 120]);
    expect(life.api.requests.length).toBeLessThan(40);
  });

  test('goes on when the outage ends', async () => {
    const life = await live(await newRun(100), (_, __, total) =>
      total > 20 && total < 33 ? { lost: 'not_sent' } : OK,
    );
    expect(life.stop).toBeNull();
    expect(life.events).toContainEqual(expect.objectContaining({ type: 'paused', reason: 'outage' }));
    expect(life.outcomes().filter((outcome) => outcome === 'deleted').length).toBeGreaterThan(90);
  });

  test('starts nothing after the signal, and lets what is in flight finish', async () => {
    const controller = new AbortController();
    const life = await live(
      await newRun(100),
      (_, __, total) => {
        if (total === 50) controller.abort();
        return { ...OK, afterMs: 500 };
      },
      { signal: controller.signal },
    );
    expect(life.stop).toMatchObject({ reason: 'signal' });
    expect(life.api.requests.length).toBe(50);
    expect(life.outcomes().filter((outcome) => outcome === 'deleted')).toHaveLength(50);
  });

  test('sends nothing when both signals came before it began', async () => {
    const life = await live(await newRun(5), () => OK, {
      signal: AbortSignal.abort(),
      forceSignal: AbortSignal.abort(),
    });
    expect(life.stop).toMatchObject({ reason: 'signal' });
    expect(life.api.requests).toEqual([]);
    expect(new Set(life.outcomes())).toEqual(new Set(['open']));
  });

  test('does not send what it had armed when the signal came, and leaves no trace of it', async () => {
    const controller = new AbortController();
    const life = await live(await newRun(20), () => OK, {
      signal: controller.signal,
      settings: { concurrency: 1 },
      failBegin: (n) => {
        if (n === 10) controller.abort();
        return undefined;
      },
    });
    expect(life.api.requests).toHaveLength(9);
    expect(life.rows[9]).toMatchObject({ final: null, history: { attempts: 0, mayBeApplied: false } });
  });

  test('aborts what is in flight at the second signal; those rows may have been deleted', async () => {
    const drain = new AbortController();
    const force = new AbortController();
    const life = await live(await newRun(10), () => ({ hangs: true }), {
      signal: drain.signal,
      forceSignal: force.signal,
      meanwhile: (clock) => {
        void clock.sleep(1_000).then(() => drain.abort());
        void clock.sleep(2_000).then(() => force.abort());
      },
    });
    expect(life.tookMs).toBeLessThan(3_000);
    expect(life.rows.filter(({ history }) => history.mayBeApplied)).toHaveLength(4);
    expect(new Set(life.outcomes())).toEqual(new Set(['open']));
  });

  test('given up at once, stops as well: rows that were not sent are left to resume', async () => {
    const force = new AbortController();
    const life = await live(await newRun(30), () => ({ hangs: true }), {
      forceSignal: force.signal,
      meanwhile: (clock) => void clock.sleep(1_000).then(() => force.abort()),
    });
    expect(life.stop).toMatchObject({ reason: 'signal' });
    expect(life.api.requests).toHaveLength(4);
    expect(new Set(life.outcomes())).toEqual(new Set(['open']));
  });

  test('keeps the longest pause that was asked for, whatever else stops it', async () => {
    const answers = [{ ...THROTTLED, retryAfter: '400' }, { ...THROTTLED, retryAfter: '7200' }, BAD_KEY];
    const life = await live(
      await newRun(3),
      (_, __, total) => ({ ...(answers[total - 1] ?? OK), afterMs: 100 }),
      {
        settings: { concurrency: 3 },
      },
    );
    expect(life.stop).toMatchObject({ reason: 'unauthorized' });
    const told = (life.api.requests[1]?.at ?? 0) + 100;
    expect(life.stop?.notBefore).toBe(Math.floor(told) + 7_200_000);
  });

  test('waits at most 20 seconds for what is in flight', async () => {
    const controller = new AbortController();
    const life = await live(await newRun(10), () => ({ hangs: true }), {
      settings: { timeoutMs: 600_000 },
      signal: controller.signal,
      meanwhile: (clock) => void clock.sleep(1_000).then(() => controller.abort()),
    });
    expect(life.tookMs).toBe(21_000);
  });

  test('ends after --max-duration', async () => {
    const life = await live(await newRun(100), () => OK, {
      settings: { maxDurationMs: 2_000, rate: { count: 5, windowMs: 1_000 } },
    });
    expect(life.stop).toMatchObject({ reason: 'max_duration' });
    expect(life.api.requests.length).toBeLessThanOrEqual(11);
  });

  test('sends nothing more when an intent cannot be made durable, and rejects', async () => {
    const sent: string[] = [];
    const full = new PurgeError('storage', 'the disk is full');
    const life = live(
      await newRun(50),
      (id) => {
        sent.push(id);
        return OK;
      },
      { failBegin: (n) => (n === 10 ? full : undefined) },
    );
    await expect(life).rejects.toBe(full);
    expect(sent.length).toBeGreaterThanOrEqual(9);
    expect(sent.length).toBeLessThanOrEqual(12);
    expect(sent).not.toContain(ids(50)[9]?.id);
  });
});

describe('holds', () => {
  test('keep an ID from being sent, at its turn', async () => {
    const [first] = ids(3);
    const life = await live(await newRun(3), () => OK, { holds: holdOn(first?.id ?? '') });
    expect(life.outcomes()).toEqual(['held', 'deleted', 'deleted']);
    expect(life.rows[0]?.final?.detail).toBe('legal hold (holds.csv)');
    expect(life.api.requests).toHaveLength(2);
  });

  test('cannot take back what an earlier request may have done', async () => {
    const [first] = ids(1);
    let held = false;
    const holds: Holds = {
      ...NO_HOLDS,
      find: () => (held ? { reason: '', path: 'holds.csv' } : undefined),
      summaries: () => [{ path: 'holds.csv', sha256: '', entries: 1 }],
    };
    const life = await live(
      await newRun(1),
      () => {
        held = true;
        return { lost: 'sent' };
      },
      { holds },
    );
    expect(life.outcomes()).toEqual(['unknown']);
    expect(life.api.requestsFor(first?.id ?? '')).toBe(1);
  });

  test('that cannot be read for a moment make the run wait, and nothing is sent meanwhile', async () => {
    let unreadable = 3;
    const holds: Holds = {
      ...NO_HOLDS,
      summaries: () => [{ path: 'holds.csv', sha256: '', entries: 1 }],
      refresh: () =>
        (unreadable -= 1) >= 0
          ? Promise.reject(new PurgeError('usage', 'holds.csv is empty'))
          : Promise.resolve(),
    };
    const life = await live(await newRun(100), () => OK, {
      holds,
      settings: { concurrency: 1, rate: { count: 20, windowMs: 1_000 } },
    });
    expect(life.stop).toBeNull();
    const times = life.api.requests.map(({ at }) => at);
    const gaps = times.slice(1).map((at, index) => at - (times[index] ?? 0));
    expect(Math.max(...gaps)).toBeGreaterThan(1_400);
  });

  test('that fail for no reason of theirs are a bug, which ends the run as one', async () => {
    const holds: Holds = {
      ...NO_HOLDS,
      summaries: () => [{ path: 'holds.csv', sha256: '', entries: 1 }],
      refresh: () => Promise.reject(new TypeError('not a function')),
    };
    await expect(
      live(await newRun(100), () => OK, { holds, settings: { rate: { count: 20, windowMs: 1_000 } } }),
    ).rejects.toThrow(TypeError);
  });

  test('that cannot be read any more stop the run', async () => {
    const holds: Holds = {
      ...NO_HOLDS,
      summaries: () => [{ path: 'holds.csv', sha256: '', entries: 1 }],
      refresh: () => Promise.reject(new PurgeError('usage', 'holds.csv is gone')),
    };
    const life = await live(await newRun(100), () => OK, {
      holds,
      settings: { rate: { count: 20, windowMs: 1_000 } },
    });
    expect(life.stop).toMatchObject({ reason: 'holds_unreadable' });
    expect(life.api.requests.length).toBeLessThanOrEqual(25);
  });
});

describe('another life of a run', () => {
  test('sends only what has no final outcome, and reads later answers in the light of earlier ones', async () => {
    const folder = await newRun(10);
    const controller = new AbortController();
    const first = await live(
      folder,
      (_, __, total) => {
        if (total === 5) controller.abort();
        return total === 5 ? { lost: 'sent' } : OK;
      },
      { signal: controller.signal, settings: { concurrency: 1 } },
    );
    expect(first.outcomes()).toEqual([...Array<string>(4).fill('deleted'), ...Array<string>(6).fill('open')]);

    const second = await live(folder, (id) => (id === 'abc00004' ? UNKNOWN_ID : OK), {
      startAt: 1_767_323_145_000,
    });
    expect(second.stop).toBeNull();
    expect(second.api.requests.map(({ id }) => id)).toEqual(
      ids(10)
        .slice(4)
        .map(({ id }) => id),
    );
    expect(second.outcomes()[4]).toBe('deleted_inferred');
  });

  test('waits out the pause that the API asked for in the life before', async () => {
    const folder = await newRun(5);
    const controller = new AbortController();
    const first = await live(
      folder,
      () => {
        controller.abort();
        return { ...THROTTLED, retryAfter: '60' };
      },
      { signal: controller.signal, settings: { concurrency: 1 } },
    );
    const told = (first.api.requests[0]?.at ?? 0) + 10;
    const second = await live(folder, () => OK, { startAt: Math.ceil(first.clock.monotonic()) + 5_000 });
    expect(second.stop).toBeNull();
    expect(second.api.requests[0]?.at).toBeGreaterThanOrEqual(Math.floor(told) + 60_000);
  });

  test('does not wait for ever when the clock was set back meanwhile', async () => {
    const folder = await newRun(2_000);
    const settings = { rate: { count: 5, windowMs: 1_000 } };
    const controller = new AbortController();
    await live(
      folder,
      (_, __, total) => {
        if (total === 1_000) controller.abort();
        return OK;
      },
      {
        signal: controller.signal,
        startAt: 1_000_000_000,
        settings: { rate: { count: 1_000, windowMs: 1_000 } },
      },
    );
    const second = await live(folder, () => OK, {
      startAt: 900_000_000,
      settings: { ...settings, maxDurationMs: 5_000 },
    });
    expect((second.api.requests[0]?.at ?? Infinity) - 900_000_000).toBeLessThanOrEqual(1_300);
  });

  test('waits out the window of the life before', async () => {
    const folder = await newRun(10);
    const settings = { rate: { count: 5, windowMs: 60_000 } };
    const controller = new AbortController();
    await live(
      folder,
      (_, __, total) => {
        if (total === 5) controller.abort();
        return OK;
      },
      { settings, signal: controller.signal, startAt: 1_000_000 },
    );
    const second = await live(folder, () => OK, { settings, startAt: 1_050_000 });
    const before = [1_000_000, 1_012_000, 1_024_000, 1_036_000, 1_048_000];
    const first = second.api.requests[0]?.at ?? 0;
    expect(before.filter((at) => at > first - 60_000).length).toBeLessThan(5);
  });
});
