import { PurgeError } from '../../src/errors.ts';
import type { Hold, Holds } from '../../src/ports.ts';
import type { Kind } from '../../src/types.ts';
import type { Scenario } from './scenario.ts';
import type { World } from './world.ts';

/** A hold file that somebody else edits while the run is under way. What it says is known to a process once it reads it. */
export class SimulatedHolds implements Holds {
  readonly #world: World;
  readonly #scenario: Scenario;
  readonly #isHealed: boolean;
  #read: ReadonlySet<string>;

  constructor(world: World, scenario: Scenario, isHealed: boolean) {
    this.#world = world;
    this.#scenario = scenario;
    this.#isHealed = isHealed;
    this.#read = this.#written();
  }

  find(kind: Kind, id: string): Hold | undefined {
    return this.#read.has(`${kind} ${id}`) ? { reason: 'legal', path: 'holds.csv' } : undefined;
  }

  summaries(): ReturnType<Holds['summaries']> {
    return this.#scenario.holds === null ? [] : [{ path: 'holds.csv', sha256: '00', entries: 1 }];
  }

  refresh(): Promise<void> {
    const { holds } = this.#scenario;
    const { now } = this.#world;
    if (!this.#isHealed && holds !== null && holds.unreadableFrom <= now && now < holds.unreadableTo) {
      return Promise.reject(new PurgeError('usage', 'holds.csv is malformed.'));
    }
    this.#read = this.#written();
    return Promise.resolve();
  }

  #written(): Set<string> {
    const { holds, items } = this.#scenario;
    const { now } = this.#world;
    const held = holds === null ? [] : holds.puts.filter(({ at }) => at <= now);
    return new Set(
      held
        .map(({ item }) => items[item])
        .map((item) => (item === undefined ? '' : `${item.kind} ${item.id}`)),
    );
  }
}
