import type { DatabaseSync } from 'node:sqlite';
import { inTransaction, storageError } from './open-database.ts';

/** Calls `commit` once, `lingerMs` after the present turn of the event loop; 0 is right after it. */
export type Schedule = (commit: () => void, lingerMs: number) => void;

/** What is committed together: what comes within `lingerMs`, or so many writes if that is sooner. */
export interface Grouping {
  readonly writes: number;
  readonly lingerMs: number;
}

/** What workers record within one turn of the event loop. */
export const ONE_TURN: Grouping = { writes: Infinity, lingerMs: 0 };

/** Writes that become durable together. */
interface Group {
  readonly writes: (() => void)[];
  /** One promise for all of them. */
  readonly durable: PromiseWithResolvers<void>;
}

/**
 * Group commit: what is recorded at about the same time becomes one synced transaction. A failure poisons the queue for
 * ever, since after it nobody knows what the disk holds: every later write rejects the same way.
 */
export class CommitQueue {
  readonly #db: DatabaseSync;
  readonly #cure: string;
  readonly #schedule: Schedule;
  #grouping = ONE_TURN;
  #group = newGroup();
  #failure: Error | null = null;

  constructor(db: DatabaseSync, cure: string, schedule: Schedule) {
    this.#db = db;
    this.#cure = cure;
    this.#schedule = schedule;
  }

  /** How writes are grouped from now on. */
  groupBy(grouping: Grouping): void {
    this.#grouping = grouping;
  }

  /** Resolves when `write` is durable. Writes become durable in the order in which they were added. */
  add(write: () => void): Promise<void> {
    if (this.#failure !== null) return Promise.reject(this.#failure);
    const { writes, durable } = this.#group;
    const amount = writes.push(write);
    if (amount === 1) this.#commitIn(this.#grouping.lingerMs);
    else if (amount === this.#grouping.writes) this.#commitIn(0);
    return durable.promise;
  }

  /** Resolves when everything added before is durable, and lets it be so at once. */
  flush(): Promise<void> {
    const flushed = this.add(() => {});
    if (this.#failure === null) this.#commitIn(0);
    return flushed;
  }

  /** Commits the present group after `lingerMs`, unless something else does before. */
  #commitIn(lingerMs: number): void {
    const group = this.#group;
    this.#schedule(() => {
      if (group === this.#group) this.#commit(group);
    }, lingerMs);
  }

  #commit({ writes, durable }: Group): void {
    this.#group = newGroup();
    try {
      inTransaction(this.#db, 'IMMEDIATE', () => {
        for (const write of writes) write();
      });
      durable.resolve();
    } catch (thrown) {
      this.#failure = storageError('record what was sent in the run file', this.#cure, thrown);
      durable.reject(this.#failure);
    }
  }
}

function newGroup(): Group {
  return { writes: [], durable: Promise.withResolvers() };
}
