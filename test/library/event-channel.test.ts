import { expect, test } from 'vitest';
import { EventChannel } from '../../src/library/event-channel.ts';
import type { PurgeEvent } from '../../src/ports.ts';

const numbered = (n: number): PurgeEvent => ({ type: 'warning', message: String(n) });

test('a consumer that is too slow is told how many events it missed, and gets those after them', async () => {
  const channel = new EventChannel();
  for (let n = 1; n <= 10_003; n += 1) channel.emit(numbered(n));
  channel.end();
  const read: PurgeEvent[] = [];
  for await (const event of channel.events()) read.push(event);
  expect(read).toEqual([
    { type: 'events_dropped', count: 10_000 },
    ...[10_001, 10_002, 10_003].map(numbered),
  ]);
});

test('a consumer that keeps up misses nothing, also of what is emitted while it reads', async () => {
  const channel = new EventChannel();
  channel.emit(numbered(1));
  const read: PurgeEvent[] = [];
  for await (const event of channel.events()) {
    read.push(event);
    if (read.length === 1) channel.emit(numbered(2));
    if (read.length === 2) setImmediate(() => channel.emit(numbered(3)));
    if (read.length === 3) channel.end();
  }
  expect(read).toEqual([1, 2, 3].map(numbered));
});
