/**
 * A key that is in no other place of the world, and a search for it in everything that a run of the program leaves
 * behind or shows while it works. It shares no code with the scrubber that it checks.
 */
import type { ChildProcess } from 'node:child_process';
import { randomInt } from 'node:crypto';
import { existsSync, readFileSync } from 'node:fs';
import { lstat, readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';

/** A random key, and where it must not be. */
export interface Canary {
  readonly key: string;
  /** Follows a process of the program to its end: what it prints, its arguments, its titles, its children. */
  watch(child: ChildProcess): void;
  /** Where the key, a part of it or an encoded form of it is in this text; empty is good. */
  hitsIn(where: string, content: string | Uint8Array): readonly string[];
  /** As `hitsIn`, for all names and contents below a folder, hidden files and SQLite's -wal and -shm included. */
  hitsBelow(folder: string, options?: { readonly except?: readonly string[] }): Promise<readonly string[]>;
  /** What the watched processes have shown so far. */
  hitsOfProcesses(): readonly string[];
  /** How often the arguments and titles of a watched process could be read. */
  samples(): number;
}

const BLOCK = 8;
const BLOCKS = 4;
const LETTERS = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789';
/** What URLs, JSON, shells, base64 and regular expressions treat in their own ways. */
const BETWEEN = ['"+', '/=\\', '%2B$&', '?#<'];
const SAMPLE_EVERY_MS = 15;

/** Makes a key of random blocks: any 15 characters of it that leak in a row hold a whole block. */
export function newCanary(): Canary {
  const blocks = Array.from({ length: BLOCKS }, randomBlock);
  const key = blocks.map((block, index) => `${block}${BETWEEN[index] ?? ''}`).join('');
  const needles = needlesFor(key, blocks);
  const shown: { readonly where: string; text: string }[] = [];
  let samples = 0;

  function hitsIn(where: string, content: string | Uint8Array): string[] {
    const bytes =
      typeof content === 'string'
        ? Buffer.from(content)
        : Buffer.from(content.buffer, content.byteOffset, content.byteLength);
    const forms = [...needles].filter(([needle]) => bytes.includes(needle)).map(([, form]) => form);
    return [...new Set(forms)].map((form) => `${form} in ${where}`);
  }

  async function hitsBelow(
    folder: string,
    options: { readonly except?: readonly string[] } = {},
  ): Promise<string[]> {
    const hits: string[] = [];
    for (const name of await readdir(folder, { recursive: true })) {
      const path = join(folder, name);
      hits.push(...hitsIn(`the name ${name}`, name));
      if (options.except?.includes(path) === true || !(await lstat(path)).isFile()) continue;
      hits.push(...hitsIn(name, await readFile(path)));
    }
    return hits;
  }

  function watch(child: ChildProcess): void {
    for (const name of ['stdout', 'stderr'] as const) {
      const seen = { where: name, text: '' };
      shown.push(seen);
      child[name]?.on('data', (text: string | Buffer) => (seen.text += text.toString()));
    }
    const { pid } = child;
    if (pid === undefined || !existsSync('/proc/self/cmdline')) return;
    const titles = { where: 'the arguments, a title or the environment of a child', text: '' };
    shown.push(titles);
    const known = new Set<string>();
    const sample = (): void => {
      for (const text of publicTextsOf(pid)) {
        samples += 1;
        if (known.has(text)) continue;
        known.add(text);
        titles.text += `${text}\n`;
      }
    };
    sample();
    const timer = setInterval(sample, SAMPLE_EVERY_MS);
    child.once('exit', () => clearInterval(timer));
  }

  return {
    key,
    watch,
    hitsIn,
    hitsBelow,
    hitsOfProcesses: () => shown.flatMap(({ where, text }) => hitsIn(where, text)),
    samples: () => samples,
  };
}

function randomBlock(): string {
  return Array.from({ length: BLOCK }, () => LETTERS[randomInt(LETTERS.length)]).join('');
}

/** The blocks as they are (in JSON and URLs too), as hex, as UTF-16, and as base64 and base64url wherever the key begins. */
function needlesFor(key: string, blocks: readonly string[]): ReadonlyMap<Buffer, string> {
  const needles = new Map<Buffer, string>();
  for (const block of blocks) {
    needles.set(Buffer.from(block), 'a part of the key');
    needles.set(Buffer.from(block, 'utf16le'), 'a part of the key (UTF-16)');
    needles.set(Buffer.from(Buffer.from(block).toString('hex')), 'a part of the key (hex)');
    needles.set(Buffer.from(Buffer.from(block).toString('hex').toUpperCase()), 'a part of the key (hex)');
  }
  for (const alignment of [0, 1, 2]) {
    for (const encoding of ['base64', 'base64url'] as const) {
      const text = Buffer.concat([Buffer.alloc(alignment), Buffer.from(key)]).toString(encoding);
      // The first and last characters depend on what stands around the key.
      for (let at = 4; at + 12 <= text.length - 4; at += 12) {
        needles.set(Buffer.from(text.slice(at, at + 12)), `a part of the key (${encoding})`);
      }
    }
  }
  return needles;
}

/** What every user of the machine may read about a process, and the environments that it gave its children. */
function publicTextsOf(pid: number): string[] {
  const texts = [readIfThere(`/proc/${pid}/cmdline`), readIfThere(`/proc/${pid}/comm`)];
  for (const child of readIfThere(`/proc/${pid}/task/${pid}/children`).split(' ')) {
    if (child === '') continue;
    texts.push(readIfThere(`/proc/${child}/cmdline`), readIfThere(`/proc/${child}/environ`));
  }
  return texts.filter((text) => text !== '');
}

/** The file's text; empty when the process ended meanwhile or belongs to somebody else. */
function readIfThere(path: string): string {
  try {
    return readFileSync(path, 'latin1');
  } catch {
    return '';
  }
}
