/**
 * Reads a CSV manifest with csv-parse in its fastest form, records as arrays taken in batches, and does nothing with
 * it: the least that a program with this parser needs. `node csv-parse.ts MANIFEST ROWS`
 */
import { createReadStream } from 'node:fs';
import { pipeline } from 'node:stream/promises';
import { parse } from 'csv-parse';

const [, , manifest = '', rows] = process.argv;
const HEADER_ROWS = 1;
const parser = parse();
let count = -HEADER_ROWS;
parser.on('readable', () => {
  while (parser.read() !== null) count += 1;
});
await pipeline(createReadStream(manifest), parser);
if (count !== Number(rows)) throw new Error(`there are ${count} rows, not ${rows}`);
