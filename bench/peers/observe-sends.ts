/**
 * Loaded into tavus-purge with `--import observe-sends.ts?file=FILE`: notes when each request leaves, right before
 * undici writes it to its socket, and the CPU time used until then. At the end it writes both into the file, by turns,
 * as float64: nanoseconds of `process.hrtime`, and microseconds.
 */
import { subscribe } from 'node:diagnostics_channel';
import { writeFileSync } from 'node:fs';

const file = new URL(import.meta.url).searchParams.get('file');
if (file === null) throw new Error('observe-sends needs ?file=FILE');
const noted: number[] = [];

subscribe('undici:client:sendHeaders', () => {
  const [seconds, nanoseconds] = process.hrtime();
  const { user, system } = process.cpuUsage();
  noted.push(seconds * 1e9 + nanoseconds, user + system);
});

process.on('exit', () => writeFileSync(file, new Float64Array(noted)));
