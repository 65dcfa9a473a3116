import { copyFileSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { describe, expect, test } from 'vitest';
import { openDatabase, type FileFormat } from '../../src/store/open-database.ts';
import { temporaryFolder } from '../helpers/temporary-folder.ts';

const FORMAT: FileFormat = {
  name: 'test file',
  applicationId: 4711,
  migrations: ['CREATE TABLE first (a INTEGER) STRICT', 'CREATE TABLE second (b INTEGER) STRICT'],
  cure: 'make it again',
};

describe('a file of ours', () => {
  test('is made complete, and opened again as it was', async () => {
    const path = join(await temporaryFolder(), 'x.db');
    openDatabase(path, FORMAT).close();
    using db = openDatabase(path, FORMAT, { readOnly: true });
    expect(db.prepare('SELECT count(*) AS n FROM second').get()).toMatchObject({ n: 0 });
  });

  test('that was left in the middle of a write can be read again, as it was before', async () => {
    const folder = await temporaryFolder();
    const [path, left] = [join(folder, 'x.db'), join(folder, 'left.db')];
    const db = openDatabase(path, FORMAT);
    db.exec('INSERT INTO first VALUES (1); PRAGMA cache_size = 1; BEGIN IMMEDIATE');
    for (let n = 0; n < 5_000; n += 1) db.exec('INSERT INTO first VALUES (2)');
    // What a process leaves that dies now: pages written in part, and the journal that takes them back.
    for (const end of ['', '-journal']) copyFileSync(path + end, left + end);
    db.exec('ROLLBACK');
    db.close();
    using read = openDatabase(left, FORMAT, { readOnly: true });
    expect(read.prepare('SELECT count(*) AS n, sum(a) AS sum FROM first').get()).toEqual({ n: 1, sum: 1 });
    expect(() => read.exec('INSERT INTO first VALUES (3)')).toThrow(/readonly/);
  });

  test.each([false, true])(
    'of an earlier version is brought up to date (to read only: %s)',
    async (readOnly) => {
      const path = join(await temporaryFolder(), 'x.db');
      openDatabase(path, { ...FORMAT, migrations: FORMAT.migrations.slice(0, 1) }).close();
      using db = openDatabase(path, FORMAT, { readOnly });
      expect(db.prepare('PRAGMA user_version').get()).toMatchObject({ user_version: 2 });
      expect(db.prepare('SELECT count(*) AS n FROM second').get()).toMatchObject({ n: 0 });
    },
  );

  test('whose maker died before it was complete is refused to who only reads, and completed for who writes', async () => {
    const path = join(await temporaryFolder(), 'x.db');
    writeFileSync(path, '');
    expect(() => openDatabase(path, FORMAT, { readOnly: true })).toThrow(/not a complete test file/);
    openDatabase(path, FORMAT).close();
    using db = openDatabase(path, FORMAT, { readOnly: true });
    expect(db.prepare('SELECT count(*) AS n FROM second').get()).toMatchObject({ n: 0 });
  });

  test('of a newer version is refused and left alone', async () => {
    const path = join(await temporaryFolder(), 'x.db');
    openDatabase(path, { ...FORMAT, migrations: [...FORMAT.migrations, 'CREATE TABLE third (c) '] }).close();
    expect(() => openDatabase(path, FORMAT)).toThrow(
      expect.objectContaining({ kind: 'storage', message: expect.stringContaining('newer tavus-purge') }),
    );
  });

  test('that another program made is refused', async () => {
    const path = join(await temporaryFolder(), 'x.db');
    const other = new DatabaseSync(path);
    other.exec('CREATE TABLE theirs (a)');
    other.close();
    expect(() => openDatabase(path, FORMAT)).toThrow(/no test file of tavus-purge/);
  });

  test('that is damaged, a link or a folder is refused in plain words', async () => {
    const folder = await temporaryFolder();
    writeFileSync(join(folder, 'damaged.db'), 'not a database'.repeat(400));
    symlinkSync(join(folder, 'damaged.db'), join(folder, 'link.db'));
    expect(() => openDatabase(join(folder, 'damaged.db'), FORMAT)).toThrow(
      /is not an SQLite database, or is damaged/,
    );
    expect(() => openDatabase(join(folder, 'link.db'), FORMAT)).toThrow(/symbolic link/);
    expect(() => openDatabase(folder, FORMAT)).toThrow(/not a regular file/);
  });
});
