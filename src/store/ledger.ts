import type { DatabaseSync, StatementSync } from 'node:sqlite';
import type { Ledger, LedgerEntry } from '../ports.ts';
import { MODES, type Kind } from '../types.ts';
import { absorbRuns, type OnUnreadable } from './absorb-runs.ts';
import { oneOf } from './columns.ts';
import { openLedgerFile, writingLedger } from './ledger-file.ts';
import { numberFrom } from './open-database.ts';

/**
 * The memory across runs. Whatever a run file knows as deleted and the ledger does not yet know (the run is going on,
 * was killed, or the ledger was lost) is taken over when the ledger is brought up to date. Of runs that were pruned it
 * is the only memory.
 */
export class SqliteLedger implements Ledger, Disposable {
  readonly #db: DatabaseSync;
  readonly #origin: string;
  readonly #find: StatementSync;
  readonly #isEmpty: boolean;

  /** Opens the ledger of `stateDir` and brings it up to date. `onUnreadable` hears of run folders that cannot be read. */
  constructor(stateDir: string, origin: string, onUnreadable: OnUnreadable) {
    this.#origin = origin;
    this.#db = openLedgerFile(stateDir);
    writingLedger(() => absorbRuns(this.#db, stateDir, onUnreadable));
    // `hard` sorts before `soft`: the hardest deletion comes first.
    this.#find = this.#db.prepare(
      'SELECT mode, outcome, at, run_id FROM deletion WHERE origin = ? AND kind = ? AND id = ? ORDER BY mode LIMIT 1',
    );
    this.#isEmpty =
      numberFrom(this.#db.prepare('SELECT EXISTS (SELECT 1 FROM deletion WHERE origin = ?)'), origin) === 0;
  }

  find(kind: Kind, id: string): LedgerEntry | undefined {
    if (this.#isEmpty) return undefined;
    const row = this.#find.get(this.#origin, kind, id);
    if (row === undefined) return undefined;
    return {
      mode: oneOf(MODES, row['mode']),
      outcome: oneOf(['deleted', 'deleted_inferred'], row['outcome']),
      at: Number(row['at']),
      runId: String(row['run_id']),
    };
  }

  close(): void {
    if (this.#db.isOpen) this.#db.close();
  }

  [Symbol.dispose](): void {
    this.close();
  }
}
