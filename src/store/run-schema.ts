import type { FileFormat } from './open-database.ts';

/** Each ID is planned once; invalid rows may hold anything. */
export const UNIQUE_IDS = "CREATE UNIQUE INDEX entry_id ON entry (id) WHERE skip IS NOT 'invalid'";

/**
 * run.db: one run. `entry` is the plan, written once. `attempt` holds intents, `answer` how an attempt ended when the
 * row's turn went on, `outcome` the final ones, `pause` until when an answer asked for silence: all appended, none
 * updated. An attempt with neither an answer nor an outcome of its row "may have been applied".
 *
 * `entry.row` orders the plan: the place in manifest order, plus an offset for replicas (after all videos) and for
 * invalid rows.
 */
export const RUN_FORMAT: FileFormat = {
  name: 'run file',
  applicationId: 0x54_50_52_31, // "TPR1"
  cure: 'restore the run folder from a backup, or plan again from the manifests',
  migrations: [
    `
    CREATE TABLE meta (name TEXT PRIMARY KEY, value TEXT NOT NULL) STRICT, WITHOUT ROWID;
    CREATE TABLE entry (
      row INTEGER PRIMARY KEY,
      kind TEXT NOT NULL,
      id TEXT NOT NULL,
      mode TEXT NOT NULL,
      source INTEGER NOT NULL,
      line INTEGER NOT NULL,
      reason TEXT NOT NULL,
      ticket TEXT NOT NULL,
      skip TEXT,
      detail TEXT NOT NULL
    ) STRICT;
    ${UNIQUE_IDS};
    CREATE TABLE life (
      n INTEGER PRIMARY KEY,
      started_at INTEGER NOT NULL,
      key_fingerprint TEXT NOT NULL,
      settings TEXT NOT NULL,
      tool_version TEXT NOT NULL,
      hold_files TEXT NOT NULL,
      ended_at INTEGER,
      exit_code INTEGER,
      stop_reason TEXT,
      stop_detail TEXT,
      not_before INTEGER
    ) STRICT;
    CREATE TABLE attempt (
      row INTEGER NOT NULL,
      n INTEGER NOT NULL,
      life INTEGER NOT NULL,
      at INTEGER NOT NULL,
      PRIMARY KEY (row, n)
    ) STRICT, WITHOUT ROWID;
    CREATE TABLE answer (
      row INTEGER NOT NULL,
      n INTEGER NOT NULL,
      at INTEGER NOT NULL,
      applied TEXT NOT NULL,
      status INTEGER,
      detail TEXT NOT NULL,
      not_before INTEGER,
      PRIMARY KEY (row, n)
    ) STRICT, WITHOUT ROWID;
    CREATE TABLE pause (not_before INTEGER NOT NULL) STRICT;
    CREATE TABLE outcome (
      row INTEGER PRIMARY KEY,
      outcome TEXT NOT NULL,
      detail TEXT NOT NULL,
      status INTEGER,
      attempts INTEGER NOT NULL,
      first_sent_at INTEGER,
      finished_at INTEGER NOT NULL
    ) STRICT;
    `,
    `
    INSERT INTO pause SELECT not_before FROM answer WHERE not_before IS NOT NULL;
    ALTER TABLE answer DROP COLUMN not_before;
    `,
    `
    ALTER TABLE life ADD COLUMN "trigger" TEXT;
    ALTER TABLE life ADD COLUMN reason TEXT;
    `,
  ],
};

/**
 * Offsets of `entry.row`. No plan has a billion entries; one that had would be refused, since a row would be taken. V8 keeps what fits into 32 bits as it is: with larger
 * ones the objects of replicas were of other kinds than those of videos, and all that was compiled for these was thrown
 * away at the first replica. Files with offsets of 2^40 and 2^41 are read all the same.
 */
export const REPLICA_OFFSET: number = 2 ** 30;
export const INVALID_OFFSET: number = 2 ** 31;

/** SQL for the place of an entry in manifest order. */
export const MANIFEST_ORDER = `(row & ${REPLICA_OFFSET - 1})`;
