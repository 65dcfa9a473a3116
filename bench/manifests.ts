import { closeSync, openSync, writeSync } from 'node:fs';

export const FORMATS = ['csv', 'json', 'ndjson'] as const;
export type Format = (typeof FORMATS)[number];

/** Every tenth row is a replica. */
const REPLICA_EVERY = 10;
/** Odd, so that counting by it visits every number of 32 bits once, in an order that looks random. */
const STRIDE = 2_654_435_761;
const REASON = 'older than 90 days';
const TICKET = 'OPS-1042';
const BATCH_ROWS = 10_000;

/** Writes a manifest with the columns id, kind, mode, reason and ticket; the same rows in every format. */
export function writeManifest(file: string, format: Format, rows: number): void {
  const fd = openSync(file, 'w');
  try {
    if (format === 'csv') writeSync(fd, 'id,kind,mode,reason,ticket\n');
    if (format === 'json') writeSync(fd, '[');
    for (let from = 0; from < rows; from += BATCH_ROWS) {
      let text = '';
      for (let row = from; row < Math.min(from + BATCH_ROWS, rows); row += 1) text += line(row, format);
      writeSync(fd, text);
    }
    if (format === 'json') writeSync(fd, '\n]\n');
  } finally {
    closeSync(fd);
  }
}

/** What the server's `idHash` is when exactly the IDs of such a manifest were deleted, each once, in any order. */
export function hashOfIds(rows: number): number {
  let sum = 0;
  for (let row = 0; row < rows; row += 1) {
    let hash = 2_166_136_261;
    const path = `${kindOf(row)}s/${idOf(row)}`;
    for (let at = 0; at < path.length; at += 1) hash = Math.imul(hash ^ path.charCodeAt(at), 16_777_619);
    sum = (sum + hash) >>> 0;
  }
  return sum;
}

function line(row: number, format: Format): string {
  const id = idOf(row);
  const kind = kindOf(row);
  if (format === 'csv') return `${id},${kind},soft,${REASON},${TICKET}\n`;
  const text = JSON.stringify({ id, kind, mode: 'soft', reason: REASON, ticket: TICKET });
  if (format === 'ndjson') return `${text}\n`;
  return row === 0 ? `\n${text}` : `,\n${text}`;
}

function kindOf(row: number): string {
  return row % REPLICA_EVERY === REPLICA_EVERY - 1 ? 'replica' : 'video';
}

/** Ten digits, as the API's own; for replicas after the letter r. */
function idOf(row: number): string {
  const digits = ((row * STRIDE) % 2 ** 32).toString(16).padStart(8, '0');
  return kindOf(row) === 'replica' ? `ra5${digits}` : `a5${digits}`;
}
