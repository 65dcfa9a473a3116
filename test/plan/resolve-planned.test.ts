import { setTimeout as sleep } from 'node:timers/promises';
import { expect, onTestFinished, test } from 'vitest';
import { PurgeError } from '../../src/errors.ts';
import { resolvePlanned, type ResolveOptions } from '../../src/plan/resolve-planned.ts';
import type { PlanDraft, ReadApi } from '../../src/ports.ts';
import { trialDraft } from '../../src/store/plan-draft.ts';

type Noting = Pick<PlanDraft, 'plannedPages' | 'note'>;

const NOW = Date.UTC(2026, 2, 1);

/** A plan of so many videos, in a real run file. */
function planOf(count: number): PlanDraft {
  const draft = trialDraft();
  onTestFinished(() => draft.discard());
  for (let line = 1; line <= count; line += 1) {
    const id = line.toString(16).padStart(10, '0');
    draft.add({ valid: true, kind: 'video', id, mode: 'soft', reason: '', ticket: '', source: 0, line });
  }
  draft.dropRepeated(() => {});
  return draft;
}

/** Answers after a moment; tells how many were asked, how many at a time, and how many have not answered yet. */
function newApi(): ReadApi & { asked: number; underWay: number; most: number } {
  return {
    asked: 0,
    underWay: 0,
    most: 0,
    async resolve(_, id) {
      this.asked += 1;
      this.underWay += 1;
      this.most = Math.max(this.most, this.underWay);
      await sleep(1);
      this.underWay -= 1;
      if (id.endsWith('0')) return { state: 'gone', detail: 'Invalid video_id' };
      return { state: 'present', name: 'Intro', status: 'ready', createdAt: NOW - 3 * 86_400_000 };
    },
    close: () => Promise.resolve(),
  };
}

function options(api: ReadApi, more: Partial<ResolveOptions> = {}): ResolveOptions {
  return {
    api,
    concurrency: 4,
    timeoutMs: 1_000,
    turn: () => Promise.resolve(true),
    now: () => NOW,
    ...more,
  };
}

test('every planned ID is looked up once, so many at a time, over all pages', async () => {
  const api = newApi();
  const draft = planOf(2_400);
  const notes: string[] = [];
  const noting: Noting = {
    plannedPages: () => draft.plannedPages(),
    note(row, text) {
      notes.push(text);
      draft.note(row, text);
    },
  };
  expect(await resolvePlanned(noting, options(api))).toEqual({ present: 2_250, gone: 150, unknown: 0 });
  expect(api).toMatchObject({ asked: 2_400, most: 4 });
  expect(notes).toHaveLength(2_400);
  expect(new Set(notes)).toEqual(new Set(['present: "Intro", ready, 3 days old', 'gone: Invalid video_id']));
});

test('what fails ends the look-ups, once those under way have ended', async () => {
  const api = newApi();
  let notes = 0;
  const draft = planOf(1_500);
  const full: Noting = {
    plannedPages: () => draft.plannedPages(),
    note() {
      notes += 1;
      if (notes === 7) throw new PurgeError('storage', 'the disk is full');
    },
  };
  // Turns come one after the other, so that some come when all is over already.
  let last = Promise.resolve();
  const turn = async (): Promise<boolean> => {
    last = last.then(() => sleep(1));
    await last;
    return true;
  };
  await expect(resolvePlanned(full, options(api, { turn }))).rejects.toThrow('the disk is full');
  expect(api.underWay).toBe(0);
  expect(api.asked).toBeLessThanOrEqual(7 + 4);
});

test('an interruption ends the look-ups, and what was found is counted', async () => {
  const api = newApi();
  let turns = 0;
  const turn = async (): Promise<boolean> => {
    turns += 1;
    return turns <= 20;
  };
  const { present, gone } = await resolvePlanned(planOf(1_500), options(api, { turn }));
  expect(present + gone).toBe(20);
  expect(turns).toBeLessThanOrEqual(20 + 4);
  expect(api).toMatchObject({ asked: 20, underWay: 0 });
});
