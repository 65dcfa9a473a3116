import type { DatabaseSync, StatementSync } from 'node:sqlite';
import { isFullSpeed } from '../full-speed.ts';
import type { LifeEnd, LifeStart, PendingDeletion, RunJournal, SentBefore } from '../ports.ts';
import type { FinalOutcome, Rate, Verdict } from '../types.ts';
import { readHistory } from './attempt-history.ts';
import { CommitQueue, ONE_TURN, type Grouping, type Schedule } from './commit-queue.ts';
import { numberOrNull } from './columns.ts';
import { numberFrom } from './open-database.ts';
import { plannedDeletion } from './run-entries.ts';
import { selectArrays } from './select-arrays.ts';

const CURE = 'free the disk, then continue the run; nothing that was sent is lost';

/** Planned deletions without a final outcome, after a row. */
const NOT_FINISHED = `FROM entry e LEFT JOIN outcome o ON o.row = e.row
  WHERE e.skip IS NULL AND o.row IS NULL AND e.row > ?`;

/**
 * An attempt is stamped when its intent is recorded. A slow disk or connection lets its request leave later, but never
 * this late.
 */
const LONGEST_COMMIT_MS = 600_000;

/** At full speed. It costs a killed run no more than these few answers, which its next life asks for again. */
const FULL_SPEED_GROUPING: Grouping = { writes: 256, lingerMs: 5 };

const onEventLoop: Schedule = (commit, lingerMs) => {
  if (lingerMs === 0) setImmediate(commit);
  else setTimeout(commit, lingerMs);
};

/** The writing side of a run file, for one life of the run. */
export class SqliteRunJournal implements RunJournal {
  readonly #db: DatabaseSync;
  readonly #queue: CommitQueue;
  readonly #selectPending: ReturnType<typeof selectArrays>;
  readonly #sql: Record<'begin' | 'withdraw' | 'answer' | 'pause' | 'outcome', StatementSync>;
  /** Number of this life, from 1; 0 before `startLife`. */
  #life = 0;
  readonly #doneUpTo: number;
  /** Of a million rows it takes a while, and several ask for it before the first request. */
  #pendingCount: number | undefined;

  /** `doneUpTo`: it is known that all planned deletions up to this row have their final outcome. */
  constructor(db: DatabaseSync, schedule: Schedule = onEventLoop, doneUpTo = -1) {
    this.#db = db;
    this.#doneUpTo = doneUpTo;
    this.#queue = new CommitQueue(db, CURE, schedule);
    this.#selectPending = selectArrays(
      db,
      `SELECT e.row, e.kind, e.id, e.mode ${NOT_FINISHED} ORDER BY e.row LIMIT ?`,
    );
    // Where a row is written for each ID, `get` writes it: it makes no object of what was changed, as `run` does, and so
    // takes a fifth less.
    this.#sql = {
      begin: db.prepare('INSERT INTO attempt VALUES (?, ?, ?, ?)'),
      withdraw: db.prepare('DELETE FROM attempt WHERE row = ? AND n = ?'),
      answer: db.prepare('INSERT INTO answer VALUES (?, ?, ?, ?, ?, ?)'),
      pause: db.prepare('INSERT INTO pause VALUES (?)'),
      outcome: db.prepare('INSERT INTO outcome VALUES (?, ?, ?, ?, ?, ?, ?)'),
    };
  }

  startLife(start: LifeStart): Promise<void> {
    this.#life = numberFrom(this.#db.prepare('SELECT count(*) FROM life')) + 1;
    const { startedAt, keyFingerprint, settings, toolVersion, holdFiles } = start;
    const { trigger = null, reason = null } = start;
    this.#queue.groupBy(isFullSpeed(settings.rate) ? FULL_SPEED_GROUPING : ONE_TURN);
    const insert = this.#db.prepare(
      `INSERT INTO life (n, started_at, key_fingerprint, settings, tool_version, hold_files, "trigger", reason)
       VALUES (?, ?, ?, ?, ?, ?, ?, ?)`,
    );
    return this.#queue.add(() => {
      const texts = [JSON.stringify(settings), toolVersion, JSON.stringify(holdFiles)];
      insert.run(this.#life, startedAt, keyFingerprint, ...texts, trigger, reason);
    });
  }

  endLife(end: LifeEnd): Promise<void> {
    return this.#queue.add(() => {
      this.#db
        .prepare(
          'UPDATE life SET ended_at = ?, exit_code = ?, stop_reason = ?, stop_detail = ?, not_before = ? WHERE n = ?',
        )
        .run(end.endedAt, end.exitCode, end.stopReason, end.stopDetail, end.notBefore, this.#life);
    });
  }

  pending(afterRow: number, limit: number): readonly PendingDeletion[] {
    const page = this.#selectPending(Math.max(afterRow, this.#doneUpTo), limit);
    const first = page[0]?.[0];
    const last = page.at(-1)?.[0];
    if (first === undefined || last === undefined) return [];
    const historyOf = readHistory(this.#db, Number(first), Number(last));
    return page.map((columns) => {
      const deletion = plannedDeletion(columns);
      return { ...deletion, history: historyOf(deletion.row) };
    });
  }

  pendingCount(): number {
    this.#pendingCount ??= numberFrom(this.#db.prepare(`SELECT count(*) ${NOT_FINISHED}`), this.#doneUpTo);
    return this.#pendingCount;
  }

  begin(row: number, attempt: number, at: number): Promise<void> {
    return this.#queue.add(() => this.#sql.begin.get(row, attempt, this.#life, at));
  }

  withdraw(row: number, attempt: number): Promise<void> {
    return this.#queue.add(() => this.#sql.withdraw.run(row, attempt));
  }

  end(row: number, attempt: number, verdict: Verdict, at: number): Promise<void> {
    return this.#queue.add(() => {
      const { applied, status, detail, retryAfterMs } = verdict;
      this.#sql.answer.run(row, attempt, at, applied, status, detail);
      this.#keepPause(at, retryAfterMs);
    });
  }

  finish(
    row: number,
    final: FinalOutcome,
    sent: SentBefore,
    retryAfterMs: number | null = null,
  ): Promise<void> {
    return this.#queue.add(() => {
      this.#pendingCount = undefined;
      const { outcome, detail, status, finishedAt } = final;
      this.#sql.outcome.get(row, outcome, detail, status, sent.attempts, sent.firstSentAt, finishedAt);
      this.#keepPause(finishedAt, retryAfterMs);
    });
  }

  /** A pause that an answer asked for outlives this process, whatever the answer meant for its row. */
  #keepPause(answeredAt: number, retryAfterMs: number | null): void {
    if (retryAfterMs !== null) this.#sql.pause.run(answeredAt + retryAfterMs);
  }

  flush(): Promise<void> {
    return this.#queue.flush();
  }

  recentlySent(now: number, rate: Rate): readonly number[] {
    // A request left before its end was recorded; without an end, perhaps just now. A clock that was set back leaves
    // stamps in the future: they count as just now, too. Nothing is under way any more when a life ends in order.
    return this.#db
      .prepare(
        `SELECT * FROM (
           SELECT min(max(a.at, coalesce(b.at, o.finished_at, ?1)), ?1) AS at FROM attempt a
           LEFT JOIN answer b ON b.row = a.row AND b.n = a.n LEFT JOIN outcome o ON o.row = a.row
           WHERE a.at > ?1 - ?2
             AND a.life IN (SELECT n FROM life WHERE ended_at IS NULL OR ended_at > ?1 - ?3)
         ) WHERE at > ?1 - ?3 ORDER BY at DESC LIMIT ?4`,
      )
      .all(now, rate.windowMs + LONGEST_COMMIT_MS, rate.windowMs, rate.count)
      .map((row) => Number(row['at']))
      .toReversed();
  }

  notBefore(): number | null {
    return numberOrNull(this.#db.prepare('SELECT max(not_before) AS at FROM pause').get()?.['at']);
  }

  retriesCharged(): number {
    return numberFrom(
      this.#db.prepare(
        `SELECT count(*) FROM attempt a
         JOIN attempt before ON before.row = a.row AND before.n = a.n - 1 AND before.life = a.life
         JOIN answer ON answer.row = before.row AND answer.n = before.n AND answer.status IS NOT 429
         WHERE a.n > 1`,
      ),
    );
  }
}

/** The first planned deletion after a row that has no final outcome, as its row; `null` when all have one. */
export function firstPending(db: DatabaseSync, afterRow: number): number | null {
  const first = db.prepare(`SELECT e.row ${NOT_FINISHED} ORDER BY e.row LIMIT 1`).get(afterRow);
  return numberOrNull(first?.['row']);
}
