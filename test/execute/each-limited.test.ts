import { setImmediate } from 'node:timers/promises';
import { describe, expect, test } from 'vitest';
import { eachLimited } from '../../src/execute/each-limited.ts';

const NEVER = { isStopped: () => false };

function* broken(): Iterable<number> {
  yield 1;
  yield 2;
  throw new Error('no more');
}

describe('work on many items', () => {
  test('is done for each, at most so many at a time, and pulls an item only when it can start', async () => {
    let pulled = 0;
    let underWay = 0;
    let most = 0;
    const done: number[] = [];
    function* items(): Iterable<number> {
      for (; pulled < 50;) yield (pulled += 1);
    }
    await eachLimited(
      items(),
      async (item) => {
        underWay += 1;
        most = Math.max(most, underWay);
        expect(pulled - done.length).toBeLessThanOrEqual(4);
        await setImmediate();
        underWay -= 1;
        done.push(item);
      },
      { concurrency: 4, ...NEVER },
    );
    expect(most).toBe(4);
    expect(done.toSorted((a, b) => a - b)).toEqual(Array.from({ length: 50 }, (_, index) => index + 1));
  });

  test('ends early when it is told to, or when it fails, and waits for what is under way', async () => {
    const ended: number[] = [];
    const failing = eachLimited(
      [1, 2, 3, 4, 5, 6],
      async (item) => {
        if (item === 2) throw new Error('two');
        await setImmediate();
        await setImmediate();
        ended.push(item);
      },
      { concurrency: 2, ...NEVER },
    );
    await expect(failing).rejects.toThrow('two');
    expect(ended).toEqual([1]);

    let started = 0;
    const count = async (): Promise<void> => {
      started += 1;
      await setImmediate();
    };
    await eachLimited([1, 2, 3, 4], count, { concurrency: 1, isStopped: () => started >= 2 });
    expect(started).toBe(2);
  });

  test('waits for what is under way also when the source of items fails', async () => {
    let ended = 0;
    const work = async (): Promise<void> => {
      await setImmediate();
      ended += 1;
    };
    await expect(eachLimited(broken(), work, { concurrency: 4, ...NEVER })).rejects.toThrow('no more');
    expect(ended).toBe(2);
  });
});
