/**
 * Files that would fill the memory or take for ever, read by the real program with a heap of 64 MB. Each must end by
 * itself, with exit 2 and a place, or with the plan that its rows are.
 */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { closeSync, openSync, readFileSync, rmSync, writeSync } from 'node:fs';
import { join } from 'node:path';

const PROGRAM = join(import.meta.dirname, '..', '..', 'bin', 'tavus-purge.js');
const HEAP_MB = 64;
/** The whole process: Node itself, its code, SQLite and the heap above. */
const MOST_RESIDENT_MB = 384;
const MOST_MS = 120_000;
const MEGABYTE = 1_000_000;

/** A file made of a start, a piece that is repeated, and an end. */
export interface Bomb {
  readonly name: string;
  readonly file: string;
  readonly start: string;
  readonly piece: string | ((index: number) => string);
  /** How often in the short version, and in the full one. */
  readonly times: readonly [short: number, full: number];
  readonly end?: string;
  readonly args?: readonly string[];
  readonly code: number;
  readonly says: RegExp;
}

/** How a bomb was met. */
export interface Defused {
  readonly name: string;
  readonly bytes: number;
  readonly ms: number;
  /** The largest resident size that was seen, in MB. */
  readonly residentMb: number;
  readonly problems: readonly string[];
}

const id = (index: number): string => (0xa0000000 + index).toString(16);
const LONG_LINE = /:1: the line is over 4096 bytes$/m;
const SKIP = ['--skip-invalid'];

export const BOMBS: readonly Bomb[] = [
  {
    name: 'a line of 100 MB',
    file: 'a.csv',
    start: 'id\n',
    piece: 'x'.repeat(1000),
    times: [100_000, 100_000],
    code: 2,
    says: LONG_LINE,
  },
  {
    name: 'columns',
    file: 'a.csv',
    start: 'id',
    piece: ',id',
    times: [1, 1_000_000],
    code: 2,
    says: LONG_LINE,
  },
  {
    name: 'bad rows',
    file: 'a.csv',
    start: 'id,kind\n',
    piece: '../x,video\n',
    times: [100_000, 2_000_000],
    code: 2,
    says: /2:1: "\.\.\/x" is not an ID.*\n(?:.*\n){19} {2}… and \d+ more$/m,
  },
  {
    name: 'a header over many lines',
    file: 'a.csv',
    start: '"id',
    piece: '\n',
    times: [1, 50_000_000],
    code: 2,
    says: /a quote (?:in it )?is not closed/,
  },
  {
    name: 'open quotes',
    file: 'a.csv',
    start: 'id\n',
    piece: '"\n',
    times: [1, 4_000_000],
    code: 2,
    says: /2:1: kind is missing/,
  },
  {
    name: 'doubled quotes',
    file: 'a.csv',
    start: 'id\n"',
    piece: '""',
    times: [1, 50_000_000],
    code: 2,
    says: LONG_LINE,
  },
  {
    name: 'blank lines',
    file: 'a.csv',
    start: '',
    piece: '\n',
    times: [1, 100_000_000],
    end: 'x\n',
    code: 2,
    says: /a\.csv:100000001:1: "x" is an unknown column/,
  },
  { name: 'spaces', file: 'a.csv', start: '', piece: ' ', times: [1, 100_000_000], code: 2, says: LONG_LINE },
  {
    name: 'contradictions',
    file: 'a.csv',
    start: 'id,kind,mode\n8a4f94e736,video,soft\n',
    piece: '8a4f94e736,video,hard\n',
    times: [1, 1_000_000],
    code: 2,
    says: /a\.csv:3:1: "8a4f94e736" is listed as video hard here/,
  },
  {
    name: 'the same row again and again',
    file: 'a.csv',
    start: 'id,kind\n',
    piece: '8a4f94e736,video\n',
    times: [1, 2_000_000],
    code: 0,
    says: /^Plan \S+ 1 deletion at/m,
  },
  {
    name: 'bad rows that are left out',
    file: 'a.csv',
    start: 'id,kind\n',
    piece: '../x,video\n',
    times: [1, 500_000],
    args: SKIP,
    code: 0,
    says: /0 deletions at/,
  },
  {
    name: 'rows that are fine',
    file: 'a.csv',
    start: 'id,kind\n',
    piece: (index) => `${id(index)},video\n`,
    times: [1, 500_000],
    code: 4,
    says: /500,000 deletions.*--max-deletions|cap|max-deletions/,
  },
  {
    name: 'a JSON text of 100 MB',
    file: 'a.json',
    start: '["',
    piece: 'x'.repeat(1000),
    times: [1, 100_000],
    code: 2,
    says: /a\.json:1:2: a value is over 4096 characters long$/m,
  },
  {
    name: 'a JSON key of 100 MB',
    file: 'a.json',
    start: '[{"',
    piece: 'x'.repeat(1000),
    times: [1, 100_000],
    code: 2,
    says: /a\.json:1:3: a value is over 4096 characters long$/m,
  },
  {
    name: 'a JSON number of 100 MB',
    file: 'a.json',
    start: '[',
    piece: '1'.repeat(1000),
    times: [1, 100_000],
    code: 2,
    says: /a\.json:1:2: a value is over 4096 characters long$/m,
  },
  {
    name: 'brackets',
    file: 'a.json',
    start: '',
    piece: '['.repeat(1000),
    times: [1, 100_000],
    code: 2,
    says: /a\.json:1:4: "\[" is nested over 3 levels deep$/m,
  },
  {
    name: 'white space in JSON',
    file: 'a.json',
    start: '[',
    piece: ' '.repeat(1000),
    times: [1, 100_000],
    end: 'x',
    code: 2,
    says: /a\.json:1:100000002: "x" is not JSON here$/m,
  },
  {
    name: 'JSON on one line',
    file: 'a.json',
    start: '[',
    piece: '"../x",',
    times: [1, 2_000_000],
    end: '"../x"]',
    args: ['--kind', 'video'],
    code: 2,
    says: /a\.json:1:2: "\.\.\/x" is not an ID/,
  },
  {
    name: 'ignored keys',
    file: 'a.json',
    start: '[{"id":"8a4f94e736"',
    piece: (index) => `,"k${index}":[]`,
    times: [1, 500_000],
    end: '}]',
    args: ['--kind', 'video', '--ignore-columns', '*'],
    code: 0,
    says: /^Plan \S+ 1 deletion at/m,
  },
  {
    name: 'an ignored list',
    file: 'a.json',
    start: '{"videos":["8a4f94e736"],"x":[',
    piece: '{},',
    times: [1, 5_000_000],
    end: '{}]}',
    args: ['--ignore-columns', 'x'],
    code: 0,
    says: /^Plan \S+ 1 deletion at/m,
  },
  {
    name: 'NDJSON on one line',
    file: 'a.ndjson',
    start: '{"id":"',
    piece: 'x'.repeat(1000),
    times: [1, 100_000],
    code: 2,
    says: LONG_LINE,
  },
  {
    name: 'bad NDJSON rows',
    file: 'a.ndjson',
    start: '',
    piece: '{"id":7}\n',
    times: [1, 3_000_000],
    args: ['--kind', 'video'],
    code: 2,
    says: /a\.ndjson:1:7: "7" is no text/,
  },
];

/** Writes a bomb into `folder`, has the program plan it, and removes it. */
export async function defuse(bomb: Bomb, folder: string, size: 'short' | 'full'): Promise<Defused> {
  const path = join(folder, bomb.file);
  const bytes = write(bomb, path, bomb.times[size === 'short' ? 0 : 1]);
  const startedAt = performance.now();
  const child = spawn(
    process.execPath,
    [`--max-old-space-size=${HEAP_MB}`, PROGRAM, 'plan', path, ...(bomb.args ?? [])],
    { env: { TAVUS_PURGE_STATE_DIR: join(folder, 'state') }, stdio: ['ignore', 'pipe', 'pipe'] },
  );
  let said = '';
  let residentKb = 0;
  for (const stream of [child.stdout, child.stderr])
    stream.setEncoding('utf8').on('data', (text: string) => (said += text));
  const watch = setInterval(() => (residentKb = Math.max(residentKb, largestResidentKb(child.pid))), 20);
  const hang = setTimeout(() => child.kill('SIGKILL'), MOST_MS);
  const [code, signal] = (await once(child, 'close')) as [number | null, string | null];
  clearInterval(watch);
  clearTimeout(hang);
  const ms = Math.round(performance.now() - startedAt);
  rmSync(path);
  const residentMb = Math.round(residentKb / 1000);
  const problems: string[] = [];
  if (code !== bomb.code) problems.push(`exit ${String(code ?? signal)}: ${said.slice(0, 500)}`);
  if (!bomb.says.test(said)) problems.push(`said ${said.slice(0, 500)}`);
  if (said.length > 20_000) problems.push(`printed ${said.length} characters`);
  if (residentMb > MOST_RESIDENT_MB) problems.push(`needed ${residentMb} MB`);
  return {
    name: bomb.name,
    bytes,
    ms,
    residentMb,
    problems: problems.map((problem) => `${bomb.name}: ${problem}`),
  };
}

function write({ start, piece, end = '' }: Bomb, path: string, times: number): number {
  const file = openSync(path, 'w');
  let bytes = 0;
  let page = start;
  const flush = (): void => {
    bytes += writeSync(file, page);
    page = '';
  };
  const at = typeof piece === 'string' ? undefined : piece;
  const pageful = typeof piece === 'string' ? Math.max(1, Math.floor(MEGABYTE / piece.length)) : 1;
  const repeated = typeof piece === 'string' ? piece.repeat(pageful) : '';
  for (let done = 0; done < times;) {
    const count = Math.min(pageful, times - done);
    page += at?.(done) ?? (count === pageful ? repeated : String(piece).repeat(count));
    done += count;
    if (page.length >= MEGABYTE) flush();
  }
  page += end;
  flush();
  closeSync(file);
  return bytes;
}

/** The high-water mark of a process's memory; 0 when it has ended, or where there is no /proc. */
function largestResidentKb(pid: number | undefined): number {
  try {
    return Number(/VmHWM:\s+(\d+) kB/.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1] ?? 0);
  } catch {
    return 0;
  }
}
