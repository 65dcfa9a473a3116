import type { DatabaseSync } from 'node:sqlite';
import { inTransaction, storageError } from './open-database.ts';

interface Waiting {
  readonly write: () => void;
  readonly resolve: () => void;
  readonly reject: (error: Error) => void;
}

/** Lets `commit` run soon, once, after the present turn of the event loop. */
export type Schedule = (commit: () => void) => void;

/**
 * Group commit: what workers record within one turn of the event loop becomes one synced transaction. A failure
 * poisons the queue for ever, since after it nobody knows what the disk holds: every later write rejects the same way.
 */
export class CommitQueue {
  readonly #db: DatabaseSync;
  readonly #cure: string;
  readonly #schedule: Schedule;
  #waiting: Waiting[] = [];
  #failure: Error | null = null;

  constructor(db: DatabaseSync, cure: string, schedule: Schedule) {
    this.#db = db;
    this.#cure = cure;
    this.#schedule = schedule;
  }

  /** Resolves when `write` is durable. Writes become durable in the order in which they were added. */
  add(write: () => void): Promise<void> {
    if (this.#failure !== null) return Promise.reject(this.#failure);
    return new Promise((resolve, reject) => {
      // Everything that the same turn of the event loop adds shares the commit that the first one schedules.
      if (this.#waiting.length === 0) this.#schedule(() => this.#commit());
      this.#waiting.push({ write, resolve, reject });
    });
  }

  /** Resolves when everything added before is durable. */
  flush(): Promise<void> {
    return this.add(() => {});
  }

  #commit(): void {
    const group = this.#waiting;
    this.#waiting = [];
    if (this.#failure === null) {
      try {
        inTransaction(this.#db, 'IMMEDIATE', () => {
          for (const { write } of group) write();
        });
      } catch (thrown) {
        this.#failure = storageError('record what was sent in the run file', this.#cure, thrown);
      }
    }
    for (const { resolve, reject } of group) {
      if (this.#failure === null) resolve();
      else reject(this.#failure);
    }
  }
}
