import { constants, open, rm } from 'node:fs/promises';
import { naming, refusal, systemCodeOf } from './storage-error.ts';

const PRIVATE_FILE = 0o600;
const CREATE_ONLY = constants.O_WRONLY | constants.O_CREAT | constants.O_EXCL | constants.O_NOFOLLOW;

/** Adds text (as UTF-8) or bytes to a file being written; resolves when the system took all of it. */
export type Append = (content: string | Uint8Array) => Promise<void>;

/** A private file (0600) under construction: nobody else made it, and nothing in it is old. */
export interface NewFile {
  readonly path: string;
  readonly append: Append;
  /** Resolves when the content is on the disk. Nothing can be added afterwards. */
  finish(): Promise<void>;
  /** Closes and removes the file if it is still there; never throws, since it follows another failure. */
  discard(): Promise<void>;
}

/**
 * Creates a file that was not there; `refused` when the name is taken, be it by a link. `purpose` is the path that the
 * operator knows, for errors. `mode` is what the file gets once it is complete.
 */
export async function createFile(
  path: string,
  purpose: string = path,
  mode: number = PRIVATE_FILE,
): Promise<NewFile> {
  const handle = await naming('create', purpose, () => openNew(path));
  return {
    path,
    append: (content) =>
      naming('write', purpose, async () => {
        const bytes = typeof content === 'string' ? Buffer.from(content, 'utf8') : content;
        let done = 0;
        // A full disk first takes a part without an error; only the next write tells.
        while (done < bytes.length) done += (await handle.write(bytes, done)).bytesWritten;
      }),
    finish: () =>
      naming('write', purpose, async () => {
        // Not at its creation, where the umask would take bits away.
        if (mode !== PRIVATE_FILE) await handle.chmod(mode);
        await handle.sync();
        await handle.close();
      }),
    discard: async () => {
      await handle.close().catch(() => undefined);
      await rm(path, { force: true }).catch(() => undefined);
    },
  };
}

async function openNew(path: string): ReturnType<typeof open> {
  try {
    return await open(path, CREATE_ONLY, PRIVATE_FILE);
  } catch (error) {
    if (systemCodeOf(error) !== 'EEXIST') throw error;
    throw refusal(path, 'exists already; nothing is written over it', 'remove it or choose another name');
  }
}
