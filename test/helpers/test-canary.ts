import { expect, onTestFinished } from 'vitest';
import { newCanary, type Canary } from './canary.ts';

/** A canary whose test fails when it is anywhere below `folder` or in what the watched processes showed, at the test's end. */
export function canaryFor(folder: string): Canary {
  const canary = newCanary();
  // Runs before the folder is removed: what was registered last is called first.
  onTestFinished(async () => {
    expect([...canary.hitsOfProcesses(), ...(await canary.hitsBelow(folder))]).toEqual([]);
  });
  return canary;
}
