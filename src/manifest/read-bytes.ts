import { createHash } from 'node:crypto';
import { constants, open } from 'node:fs/promises';
import type { FileHandle } from 'node:fs/promises';
import { Readable } from 'node:stream';
import { PurgeError } from '../errors.ts';
import { printable } from '../printable.ts';
import type { FoundFile } from './find-files.ts';
import { CHUNK_BYTES, MAX_FILE_BYTES } from './limits.ts';
import { sourceError } from './source-error.ts';

export interface ByteOptions {
  readonly stdin?: AsyncIterable<Uint8Array> | undefined;
  readonly signal?: AbortSignal | undefined;
}

/** The bytes of one file, to be read once. */
export interface ByteSource {
  readonly path: string;
  /** Changes when the file does; `null` for standard input. */
  readonly identity: string | null;
  /**
   * The content without its byte order mark, in chunks of at most 64 KiB that never split a UTF-8 character. Closes the
   * file. Throws `usage` for what is no text of ours: gzip, zip, UTF-16, too large, changed while it was read.
   */
  chunks(): AsyncGenerator<Buffer, void, void>;
  /** Lower-case hex SHA-256 of all bytes, byte order mark included; once `chunks` has been read to its end. */
  sha256(): string;
}

/** Opens a regular file, or standard input, for reading. Never blocks on a FIFO. Throws `usage` when it cannot be read. */
export async function openBytes(file: FoundFile, options: ByteOptions): Promise<ByteSource> {
  if (file.file !== null) return openFile(file.path, file.file, options.signal);
  if (options.stdin === undefined) {
    throw sourceError('-', undefined, 'there is no standard input to read');
  }
  return sourceOf('-', null, untilAborted(options.stdin, options.signal));
}

/** `ByteSource.identity` of a file with these (big integer) stats: any write, replacement or change of times alters it. */
export function identityOf(stats: FileStats): string {
  return [stats.dev, stats.ino, stats.size, stats.mtimeNs, stats.ctimeNs].join(':');
}

/** The part of `stat` that tells one state of a file from another. */
export interface FileStats {
  readonly dev: bigint;
  readonly ino: bigint;
  readonly size: bigint;
  readonly mtimeNs: bigint;
  readonly ctimeNs: bigint;
}

async function openFile(path: string, file: string, signal: AbortSignal | undefined): Promise<ByteSource> {
  // O_NONBLOCK: opening a FIFO must not wait for its writer.
  const handle = await open(file, constants.O_RDONLY | constants.O_NONBLOCK).catch((cause: unknown) => {
    throw sourceError(path, undefined, 'cannot be opened', {
      cause,
      next: 'Check that the file exists and that you may read it.',
    });
  });
  try {
    const stats = await handle.stat({ bigint: true });
    if (!stats.isFile()) {
      throw sourceError(path, undefined, 'is not a regular file', {
        next: 'Pass the content of a pipe or device through standard input: use - as its name, with --format.',
      });
    }
    if (stats.size > MAX_FILE_BYTES) throw tooLarge(path);
    const identity = identityOf(stats);
    return sourceOf(path, identity, readHandle(path, handle, { identity, signal }));
  } catch (error) {
    await handle.close();
    throw error;
  }
}

async function* readHandle(
  path: string,
  handle: FileHandle,
  file: { readonly identity: string; readonly signal: AbortSignal | undefined },
): AsyncGenerator<Uint8Array, void, void> {
  try {
    for (;;) {
      if (file.signal?.aborted === true) throw interrupted(path, file.signal);
      // A fresh buffer every time: parsers keep slices of the last one.
      const { buffer, bytesRead } = await handle.read(Buffer.allocUnsafe(CHUNK_BYTES), 0, CHUNK_BYTES);
      if (bytesRead === 0) break;
      yield buffer.subarray(0, bytesRead);
    }
    if (identityOf(await handle.stat({ bigint: true })) !== file.identity) {
      throw sourceError(path, undefined, 'changed while it was being read', {
        next: 'Wait until the file is complete, then run the command again.',
      });
    }
  } catch (error) {
    if (error instanceof PurgeError) throw error;
    throw sourceError(path, undefined, 'cannot be read', { cause: error });
  } finally {
    await handle.close();
  }
}

async function* untilAborted(
  stdin: AsyncIterable<Uint8Array>,
  signal: AbortSignal | undefined,
): AsyncGenerator<Uint8Array, void, void> {
  const iterator = stdin[Symbol.asyncIterator]();
  const aborted = Promise.withResolvers<never>();
  aborted.promise.catch(() => undefined);
  const onAbort = (): void => aborted.reject(interrupted('-', signal));
  signal?.addEventListener('abort', onAbort);
  try {
    if (signal?.aborted === true) onAbort();
    for (;;) {
      const step = await Promise.race([iterator.next(), aborted.promise]);
      if (step.done === true) return;
      yield step.value;
    }
  } catch (error) {
    if (error instanceof PurgeError) throw error;
    throw sourceError('-', undefined, 'standard input cannot be read', { cause: error });
  } finally {
    signal?.removeEventListener('abort', onAbort);
    // Not awaited: behind a pending read it would wait as long as the read does.
    iterator.return?.().catch(() => undefined);
    // A pipe whose writer never ends would keep the process alive.
    if (stdin instanceof Readable) stdin.destroy();
  }
}

function sourceOf(path: string, identity: string | null, raw: AsyncGenerator<Uint8Array>): ByteSource {
  const hash = createHash('sha256');
  async function* chunks(): AsyncGenerator<Buffer, void, void> {
    let total = 0;
    let atStart = true;
    let carry: Buffer = Buffer.alloc(0);
    for await (const bytes of raw) {
      total += bytes.length;
      if (total > MAX_FILE_BYTES) throw tooLarge(path);
      hash.update(bytes);
      let rest: Buffer = Buffer.concat([carry, bytes]);
      if (atStart && rest.length >= 4) {
        rest = afterByteOrderMark(path, rest);
        atStart = false;
      }
      const whole = atStart ? 0 : rest.length - splitCharacterLength(rest);
      carry = rest.subarray(whole);
      for (let at = 0; at < whole;) {
        let end = Math.min(at + CHUNK_BYTES, whole);
        if (end < whole) end -= splitCharacterLength(rest.subarray(at, end));
        yield rest.subarray(at, end);
        at = end;
      }
    }
    if (atStart) carry = afterByteOrderMark(path, carry);
    // Half a character at the end, if any, is found by whoever checks the encoding.
    if (carry.length > 0) yield carry;
  }
  return { path, identity, chunks, sha256: () => hash.copy().digest('hex') };
}

const NOT_TEXT: readonly (readonly [signature: string, problem: string])[] = [
  ['1f8b', 'is compressed (gzip); expected plain text'],
  ['504b0304', 'is a zip archive or an Excel workbook; expected plain text'],
  ['fffe', 'is UTF-16 or UTF-32; expected UTF-8'],
  ['feff', 'is UTF-16; expected UTF-8'],
  ['0000feff', 'is UTF-32; expected UTF-8'],
];

function afterByteOrderMark(path: string, head: Buffer): Buffer {
  const start = head.toString('hex', 0, 4);
  const found = NOT_TEXT.find(([signature]) => start.startsWith(signature));
  if (found !== undefined) {
    throw sourceError(path, undefined, found[1], { next: 'Save it as UTF-8 text: CSV, JSON or NDJSON.' });
  }
  return start.startsWith('efbbbf') ? head.subarray(3) : head;
}

/** How many bytes at the end begin a UTF-8 character that is not complete there (0 to 3). */
function splitCharacterLength(bytes: Uint8Array): number {
  for (let back = 1; back <= Math.min(3, bytes.length); back++) {
    const byte = bytes[bytes.length - back] ?? 0;
    if (byte < 0x80) return 0;
    if (byte < 0xc0) continue;
    const needed = byte < 0xe0 ? 2 : byte < 0xf0 ? 3 : 4;
    return needed > back ? back : 0;
  }
  return 0;
}

function tooLarge(path: string): PurgeError {
  return sourceError(path, undefined, 'is over 1 GiB', {
    next: 'Split it into several files and plan them one after the other.',
  });
}

function interrupted(path: string, signal: AbortSignal | undefined): PurgeError {
  return new PurgeError('interrupted', `Interrupted while reading ${printable(path)}; nothing was sent.`, {
    next: 'run the command again',
    cause: signal?.reason,
  });
}
