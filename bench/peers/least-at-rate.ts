/**
 * `least-at-rate.ts BASE_URL REQUESTS PER_SECOND DATABASE`: the least that requests with a durable record cost at a low
 * rate, where nothing stays warm: a bare undici client, and a synced commit of SQLite before and after each request.
 * Prints its CPU time as a part of one core, from the first request to the last.
 */
import { DatabaseSync } from 'node:sqlite';
import { setTimeout as sleep } from 'node:timers/promises';
import { Client } from 'undici';
import { SANDBOX_KEY } from '../measure.ts';

const [baseUrl = '', requests = '', perSecond = '', database = ''] = process.argv.slice(2);
const client = new Client(baseUrl, { headersTimeout: 0, bodyTimeout: 0 });
const db = new DatabaseSync(database);
db.exec('PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL; CREATE TABLE record (row, n, life, at)');
const insert = db.prepare('INSERT INTO record VALUES (?, ?, ?, ?)');

function record(row: number): void {
  db.exec('BEGIN IMMEDIATE');
  insert.run(row, 1, 1, Date.now());
  db.exec('COMMIT');
}

function send(row: number): Promise<void> {
  const path = `/v2/videos/${row.toString(16).padStart(10, '0')}`;
  return new Promise((resolve, reject) => {
    client.dispatch(
      { method: 'DELETE', path, headers: { 'x-api-key': SANDBOX_KEY } },
      {
        onRequestStart: () => {},
        onResponseStart: (_, status) => {
          if (status !== 204) reject(new Error(`the server answered ${status}`));
        },
        onResponseData: () => {},
        onResponseEnd: () => resolve(),
        onResponseError: (_, error) => reject(error),
      },
    );
  });
}

const startedAt = performance.now();
const before = process.cpuUsage();
for (let row = 0; row < Number(requests); row += 1) {
  const dueMs = (row / Number(perSecond)) * 1_000 - (performance.now() - startedAt);
  if (dueMs > 0) await sleep(dueMs);
  record(row);
  await send(row);
  record(row);
}
const { user, system } = process.cpuUsage(before);
console.log((user + system) / 1e3 / (performance.now() - startedAt));
await client.close();
