import { copyFileSync, existsSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';

/** What a killed process left in its run file. */
export interface Remains {
  /** How often the run was started. */
  readonly lives: number;
  /** Intents of which neither an answer nor an outcome is recorded: the kill came between. */
  readonly openIntents: number;
  /** Rows that no request was meant for yet. */
  readonly untouched: number;
  /** Rows without an outcome. */
  readonly pending: number;
  /** Whether a journal lies there that the next process must recover. */
  readonly hasJournal: boolean;
}

/** Read from a copy: whoever opens the file itself recovers it, and that is for the program to do. */
export function remainsOf(folder: string): Remains {
  const scratch = mkdtempSync(join(tmpdir(), 'tavus-purge-remains-'));
  try {
    const names = ['run.db', 'run.db-wal', 'run.db-journal'].filter((name) => existsSync(join(folder, name)));
    for (const name of names) copyFileSync(join(folder, name), join(scratch, name));
    return { ...read(join(scratch, 'run.db')), hasJournal: names.length > 1 };
  } finally {
    rmSync(scratch, { recursive: true, force: true });
  }
}

function read(path: string): Omit<Remains, 'hasJournal'> {
  const db = new DatabaseSync(path);
  const count = (sql: string): number => Number(db.prepare(`SELECT count(*) AS n FROM ${sql}`).get()?.['n']);
  const remains = {
    lives: count('life'),
    openIntents: count(
      `attempt a WHERE a.row NOT IN (SELECT row FROM outcome)
       AND NOT EXISTS (SELECT 1 FROM answer b WHERE b.row = a.row AND b.n = a.n)`,
    ),
    untouched: count(
      'entry WHERE skip IS NULL AND row NOT IN (SELECT row FROM attempt) AND row NOT IN (SELECT row FROM outcome)',
    ),
    pending: count('entry WHERE skip IS NULL AND row NOT IN (SELECT row FROM outcome)'),
  };
  db.close();
  return remains;
}
