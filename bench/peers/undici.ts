/**
 * Deletes every ID of a CSV manifest with bare undici and records nothing: the least that any program with this client
 * needs. `node undici.ts dispatch|request BASE_URL MANIFEST CONCURRENCY`
 */
import { readFileSync } from 'node:fs';
import { Pool } from 'undici';
import type { Dispatcher } from 'undici';

const [, , how, baseUrl = '', manifest = '', concurrency = ''] = process.argv;
const pool = new Pool(baseUrl, {
  connections: Number(concurrency),
  pipelining: 1,
  headersTimeout: 0,
  bodyTimeout: 0,
});
const headers = ['x-api-key', process.env['TAVUS_API_KEY'] ?? '', 'accept', 'application/json'];
const rows = readFileSync(manifest, 'utf8').trimEnd().split('\n').slice(1);
let next = 0;

const send = how === 'dispatch' ? dispatch : request;
await Promise.all(Array.from({ length: Number(concurrency) }, work));
await pool.destroy();

async function work(): Promise<void> {
  for (let row = rows[next++]; row !== undefined; row = rows[next++]) {
    const [id, kind] = row.split(',', 2);
    const status = await send(`/v2/${kind}s/${id}`);
    if (status !== 204) throw new Error(`${status} for ${id}`);
  }
}

async function request(path: string): Promise<number> {
  const { statusCode, body } = await pool.request({ method: 'DELETE', path, headers });
  await body.dump();
  return statusCode;
}

function dispatch(path: string): Promise<number> {
  return new Promise((resolve, reject) => {
    let status = 0;
    const handler: Dispatcher.DispatchHandler = {
      onRequestStart() {},
      onResponseStart(_controller, statusCode) {
        status = statusCode;
      },
      onResponseData() {},
      onResponseEnd() {
        resolve(status);
      },
      onResponseError(_controller, error) {
        reject(error);
      },
    };
    pool.dispatch({ method: 'DELETE', path, headers }, handler);
  });
}
