import { expect, test } from 'vitest';
import { Places } from '../../src/execute/places.ts';

/** Who has a place, in the order in which they got it. */
function waitFor(places: Places, had: string[]): (name: string) => void {
  return (name) => {
    void places.take().then(() => had.push(name));
  };
}

async function promisesGoOn(): Promise<void> {
  await new Promise(setImmediate);
}

test('there are as many places as there may be, and who finds none waits its turn', async () => {
  const places = new Places(2);
  const had: string[] = [];
  const wait = waitFor(places, had);
  expect([places.tryTake(), places.tryTake(), places.tryTake()]).toEqual([true, true, false]);
  wait('first');
  wait('second');
  await promisesGoOn();
  expect(had).toEqual([]);
  places.giveBack();
  // It was handed on: nobody who comes now overtakes.
  expect(places.tryTake()).toBe(false);
  await promisesGoOn();
  expect(had).toEqual(['first']);
  places.giveBack();
  places.giveBack();
  await promisesGoOn();
  expect(had).toEqual(['first', 'second']);
  expect([places.tryTake(), places.tryTake()]).toEqual([true, false]);
});

test('a free place is taken without waiting for anybody', async () => {
  const places = new Places(1);
  const had: string[] = [];
  waitFor(places, had)('only');
  expect(places.tryTake()).toBe(false);
  await promisesGoOn();
  expect(had).toEqual(['only']);
});
