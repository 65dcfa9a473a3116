/**
 * The program's worst days, for real: processes killed with SIGKILL in the middle of an apply against a server that
 * makes trouble, then `resume` until the plan is done. The oracle below reads only what the server recorded and what
 * results.csv says.
 */
import { once } from 'node:events';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { describe, expect, test } from 'vitest';
import type { SandboxState } from '../../src/sandbox/sandbox-state.ts';
import type { RecordedRequest } from '../../src/sandbox/request-log.ts';
import { newPurge, videoIds, type Purge, type ResultCells } from './purge-process.ts';

/** Runs of the short version; `KILL9_RUNS` asks for more. */
const RUNS = Number(process.env['KILL9_RUNS'] ?? 4);
const IDS = 40;
const MOST_LIVES = 12;

describe('a purge that is killed again and again', { timeout: 120_000 }, () => {
  for (const seed of Array.from({ length: RUNS }, (_, index) => index + 1)) {
    test(`ends with one true row for every ID (seed ${seed})`, async () => {
      const random = randomFrom(seed);
      const purge = await newPurge({
        seed,
        latencyMs: [0, 30],
        throttle: { rate: 0.04, retryAfter: '0' },
        errors: { rate: 0.06, appliedShare: 0.5 },
        resetBefore: 0.04,
        resetAfter: 0.06,
      });
      const ids = videoIds(IDS, seed * 1_000);
      const decoys = videoIds(5, seed * 1_000 + 500);
      const hard = new Set(ids.filter(() => random() < 0.3));
      const manifest = await purge.manifest(
        `id,kind,mode\n${ids.map((id) => `${id},video,${hard.has(id) ? 'hard' : 'soft'}\n`).join('')}`,
      );
      const { runId, confirm } = await purge.plan(manifest, '--rate', '1000/s', '--allow-not-found');

      const kills = await killUntilDone(purge, runId, confirm, random);
      const rows = await purge.results(runId);
      const [state, requests] = await Promise.all([purge.sandbox.state(), purge.sandbox.requests()]);
      expect(kills).toBeGreaterThan(0);
      expectOneTrueRowEach(ids, rows, state);
      expectWireAsPlanned(hard, ids, requests);
      expectNothingAfterOutcome(join(purge.stateDir, 'runs', runId, 'run.db'), requests);
      for (const decoy of decoys) expect(requests.map(({ id }) => id)).not.toContain(decoy);
      expect(await purge.summary(runId)).toMatchObject({ complete: true, planned: IDS });
    });
  }
});

/** Applies and resumes, killing every life but the last; answers with the number of kills that hit. */
async function killUntilDone(
  purge: Purge,
  runId: string,
  confirm: string,
  random: () => number,
): Promise<number> {
  let kills = 0;
  for (let life = 1; life <= MOST_LIVES; life += 1) {
    const wasStarted = (await purge.sandbox.state()).requests.total > 0;
    const args = wasStarted ? ['resume', runId] : ['apply', runId, '--confirm', confirm];
    const { child, ended } = purge.start(...args);
    if (life === MOST_LIVES) await purge.sandbox.set({ errors: null, resetBefore: null, resetAfter: null });
    else {
      const seen = (await purge.sandbox.state()).requests.total;
      const wanted = seen + Math.floor(random() * 12);
      const gone = once(child, 'exit');
      while (child.exitCode === null && (await purge.sandbox.state()).requests.total <= wanted) {
        await new Promise((resolve) => setTimeout(resolve, 3));
      }
      if (child.kill('SIGKILL')) {
        await gone;
        if (child.signalCode === 'SIGKILL') kills += 1;
      }
    }
    const { code, stderr } = await ended;
    if (code === 0 || code === 3) return kills;
    // A killed process has no code. 5 (an outage, by chance) is for resume as well; anything else is a failure.
    expect([null, 5], stderr).toContain(code);
  }
  throw new Error('the run did not end');
}

function expectOneTrueRowEach(
  ids: readonly string[],
  rows: readonly ResultCells[],
  state: SandboxState,
): void {
  expect(rows.map(({ id }) => id)).toEqual(ids);
  const deleted = new Set(state.deleted.map(({ id }) => id));
  const lies = rows.filter(
    ({ id = '', outcome = '' }) => !MAY_BE_SAID[deleted.has(id) ? 'gone' : 'live'].has(outcome),
  );
  expect(lies).toEqual([]);
}

/** What may be said of an ID that the server really deleted, and of one that it did not. */
const MAY_BE_SAID = {
  gone: new Set(['deleted', 'deleted_inferred', 'unknown']),
  live: new Set(['failed', 'rejected', 'not_found', 'unknown']),
};

/** Every request had its intent recorded, and none was sent after its row's outcome was recorded. */
function expectNothingAfterOutcome(runDb: string, requests: readonly RecordedRequest[]): void {
  const db = new DatabaseSync(runDb, { readOnly: true });
  const rows = db
    .prepare('SELECT id, attempts, finished_at AS finishedAt FROM outcome JOIN entry USING (row)')
    .all();
  db.close();
  expect(rows).toHaveLength(IDS);
  for (const { id, attempts, finishedAt } of rows) {
    const sent = requests.filter((request) => request.id === id);
    expect(sent.length, String(id)).toBeLessThanOrEqual(Number(attempts));
    for (const { at } of sent) expect(Math.floor(at), String(id)).toBeLessThanOrEqual(Number(finishedAt));
  }
}

/** Only planned IDs, in their mode. */
function expectWireAsPlanned(
  hard: ReadonlySet<string>,
  ids: readonly string[],
  requests: readonly RecordedRequest[],
): void {
  const planned = new Set(ids);
  for (const { id, path } of requests) {
    expect(planned.has(id ?? '')).toBe(true);
    expect(path).toBe(`/v2/videos/${id}${hard.has(id ?? '') ? '?hard=true' : ''}`);
  }
}

/** mulberry32: the same numbers for the same seed, on every machine. */
function randomFrom(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4_294_967_296;
  };
}
