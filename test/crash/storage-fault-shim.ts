import { spawnSync } from 'node:child_process';
import { closeSync, ftruncateSync, openSync, readSync, writeSync } from 'node:fs';
import { constants } from 'node:os';
import { join } from 'node:path';

/** Kinds of file operations, as bits; the same as in `storage-faults.c`. */
const WRITE = 1;
const SYNC = 2;
const NAME = 4;
const OPEN_TO_WRITE = 8;
const OPEN_TO_READ = 16;
const EVERYTHING = WRITE | SYNC | NAME | OPEN_TO_WRITE | OPEN_TO_READ;

/** How storage fails, and which operations can fail so. */
export const FAULTS = {
  ENOSPC: { code: constants.errno.ENOSPC, isShort: false, kinds: WRITE | SYNC | NAME | OPEN_TO_WRITE },
  EIO: { code: constants.errno.EIO, isShort: false, kinds: EVERYTHING },
  EROFS: { code: 30, isShort: false, kinds: WRITE | SYNC | NAME | OPEN_TO_WRITE },
  EMFILE: { code: constants.errno.EMFILE, isShort: false, kinds: OPEN_TO_WRITE | OPEN_TO_READ },
  /** Half of a write is taken, without an error; when that is for ever, the disk is full from then on. */
  short: { code: constants.errno.ENOSPC, isShort: true, kinds: WRITE },
} as const;
export type FaultName = keyof typeof FAULTS;

/** The N-th operation fails, once or with all later ones; `at` 0 lets all pass and counts them. */
export interface StorageFault {
  readonly fault: FaultName;
  readonly forEver: boolean;
  readonly at: number;
}

/** What became of a fault: operations counted, and the first one that failed. */
export interface FaultReport {
  readonly count: number;
  readonly fired: number;
  /** On the clock of `process.hrtime`, in ms. */
  readonly firedAtMs: number;
  readonly operation: string;
  /** Below the root folder. */
  readonly path: string;
}

const NUMBERS = 9;
const OPERATION_BYTES = 24;
const PATH_BYTES = 512;
const SIZE = NUMBERS * 8 + OPERATION_BYTES + PATH_BYTES;

/** Why the faults cannot be made on this machine, or `null`. */
export function whyNoStorageFaults(): string | null {
  if (process.platform !== 'linux') return 'LD_PRELOAD is needed, which only Linux has here';
  return spawnSync('cc', ['--version']).status === 0 ? null : 'a C compiler (cc) is needed';
}

/** Compiles the library that makes the faults; gives its path. */
export function buildFaultLibrary(folder: string): string {
  const library = join(folder, 'storage-faults.so');
  const source = join(import.meta.dirname, 'storage-faults.c');
  const built = spawnSync('cc', ['-shared', '-fPIC', '-O1', '-o', library, source, '-ldl'], {
    encoding: 'utf8',
  });
  if (built.status !== 0) throw new Error(`cc failed: ${built.stderr}`);
  return library;
}

/** What a process needs in its environment so that its file operations under `root` can be made to fail. */
export function faultEnvironment(
  library: string,
  options: { readonly root: string; readonly control: string },
): Readonly<Record<string, string>> {
  return {
    LD_PRELOAD: library,
    FAULTS_ROOT: options.root,
    FAULTS_CONTROL: options.control,
    // File operations must be calls, which can be counted.
    UV_USE_IO_URING: '0',
  };
}

/** Steers the faults of the processes that share the control file. */
export class FaultControl implements Disposable {
  readonly #file: number;

  /** Makes the file when `create`; else it is there. */
  constructor(path: string, options: { readonly create: boolean }) {
    this.#file = openSync(path, options.create ? 'w+' : 'r+');
    if (options.create) ftruncateSync(this.#file, SIZE);
  }

  arm({ fault, forEver, at }: StorageFault): void {
    const { code, isShort, kinds } = FAULTS[fault];
    const block = Buffer.alloc(SIZE);
    const numbers = [0, at, code, forEver ? 1 : 0, isShort ? 1 : 0, kinds];
    numbers.forEach((number, index) => block.writeBigInt64LE(BigInt(number), index * 8));
    writeSync(this.#file, block, 0, SIZE, 0);
    this.#setArmed(true);
  }

  disarm(): FaultReport {
    this.#setArmed(false);
    const block = Buffer.alloc(SIZE);
    readSync(this.#file, block, 0, SIZE, 0);
    const text = (from: number, bytes: number): string =>
      block.toString('utf8', from, from + bytes).replace(/\0.*$/s, '');
    return {
      count: Number(block.readBigInt64LE(6 * 8)),
      fired: Number(block.readBigInt64LE(7 * 8)),
      firedAtMs: Number(block.readBigInt64LE(8 * 8)) / 1e6,
      operation: text(NUMBERS * 8, OPERATION_BYTES),
      path: text(NUMBERS * 8 + OPERATION_BYTES, PATH_BYTES),
    };
  }

  #setArmed(armed: boolean): void {
    const word = Buffer.alloc(8);
    word.writeBigInt64LE(armed ? 1n : 0n);
    writeSync(this.#file, word, 0, 8, 0);
  }

  [Symbol.dispose](): void {
    closeSync(this.#file);
  }
}
