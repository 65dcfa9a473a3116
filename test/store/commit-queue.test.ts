import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { expect, onTestFinished, test } from 'vitest';
import { CommitQueue } from '../../src/store/commit-queue.ts';
import { temporaryFolder } from '../helpers/temporary-folder.ts';

interface Due {
  readonly commit: () => void;
  readonly lingerMs: number;
}

/** A queue whose commits happen when the test says so. */
async function newQueue(): Promise<{
  queue: CommitQueue;
  due: Due[];
  write: (text: string) => () => void;
  durable: () => string[];
}> {
  const db = new DatabaseSync(join(await temporaryFolder(), 'queue.db'));
  onTestFinished(() => db.close());
  db.exec('CREATE TABLE line (text TEXT NOT NULL UNIQUE) STRICT');
  const insert = db.prepare('INSERT INTO line VALUES (?)');
  const due: Due[] = [];
  const queue = new CommitQueue(db, 'free the disk', (commit, lingerMs) => due.push({ commit, lingerMs }));
  return {
    queue,
    due,
    write: (text) => () => void insert.run(text),
    durable: () =>
      db
        .prepare('SELECT text FROM line')
        .all()
        .map(({ text }) => String(text)),
  };
}

test('one commit follows the turn of the event loop in which something was recorded', async () => {
  const { queue, due, write, durable } = await newQueue();
  const recorded = ['a', 'b', 'c'].map((text) => queue.add(write(text)));
  expect(due.map(({ lingerMs }) => lingerMs)).toEqual([0]);
  expect(durable()).toEqual([]);
  due[0]?.commit();
  await Promise.all(recorded);
  expect(durable()).toEqual(['a', 'b', 'c']);
});

test('with a grouping, a commit comes when the group is full, or after its time if that is sooner', async () => {
  const { queue, due, write, durable } = await newQueue();
  queue.groupBy({ writes: 3, lingerMs: 20 });
  const recorded = ['a', 'b', 'c', 'd'].map((text) => queue.add(write(text)));
  expect(due.map(({ lingerMs }) => lingerMs)).toEqual([20, 0]);
  due[1]?.commit();
  await Promise.all(recorded);
  expect(durable()).toEqual(['a', 'b', 'c', 'd']);

  // The time of the group before has come, too: it must not cut the next group short.
  const later = queue.add(write('e'));
  due[0]?.commit();
  expect(durable()).toHaveLength(4);
  expect(due.map(({ lingerMs }) => lingerMs)).toEqual([20, 0, 20]);
  due[2]?.commit();
  await later;
  expect(durable()).toHaveLength(5);
});

test('a flush waits for no group to fill', async () => {
  const { queue, due, write, durable } = await newQueue();
  queue.groupBy({ writes: 1_000, lingerMs: 60_000 });
  void queue.add(write('a'));
  const flushed = queue.flush();
  expect(due.at(-1)?.lingerMs).toBe(0);
  due.at(-1)?.commit();
  await flushed;
  expect(durable()).toEqual(['a']);
});

test('a commit that failed fails for everybody in it and for all who come later, and nothing of it is kept', async () => {
  const { queue, due, write, durable } = await newQueue();
  const first = queue.add(write('a'));
  due[0]?.commit();
  await first;
  const group = ['b', 'a'].map((text) => queue.add(write(text)));
  due[1]?.commit();
  for (const recorded of [...group, queue.add(write('c')), queue.flush()]) {
    await expect(recorded).rejects.toMatchObject({ kind: 'storage', next: 'free the disk' });
  }
  expect(due).toHaveLength(2);
  expect(durable()).toEqual(['a']);
});
