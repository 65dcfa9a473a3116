import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import type { NativePrograms } from './native.ts';
import { startNginx } from './nginx.ts';

/** A server on this machine that answers 204 to every DELETE of a video or replica, with next to no work. */
export interface FastServer extends AsyncDisposable {
  readonly name: string;
  readonly baseUrl: string;
  /** Begins to count anew. */
  reset(): Promise<void>;
  /** What came since the last `reset`. */
  report(): Promise<Served>;
  /** When requests arrived; `null` where the server cannot tell. */
  readonly arrivals: Arrivals | null;
}

interface Served {
  readonly deletions: number;
  /** Requests that were neither a well-formed DELETE of a video or replica nor a GET. */
  readonly bad: number;
  /** As `hashOfIds`; `null` where the server cannot tell. */
  readonly idHash: number | null;
  /** CPU time of the server since it started; `null` where it cannot tell. */
  readonly cpuMs: number | null;
}

export interface Arrivals {
  /** Resolves with the moment (`process.hrtime`, nanoseconds) at which the `count`-th deletion since `reset` arrived. */
  reached(count: number): Promise<{ readonly atNs: number }>;
  /** Writes the moments of all since `reset` into a file, as int64 nanoseconds of `process.hrtime`. */
  write(file: string): Promise<void>;
}

/** Starts the server in C, else nginx; `null` when this machine has neither. */
export async function startFastServer(
  native: NativePrograms | null,
  scratch: string,
): Promise<FastServer | null> {
  return native === null ? startNginx(scratch) : startNative(native.server);
}

async function startNative(program: string): Promise<FastServer> {
  const child = spawn(program, { stdio: ['pipe', 'pipe', 'inherit'] });
  const lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]();
  const nextLine = async (): Promise<unknown> => {
    const { value, done } = await lines.next();
    if (done === true) throw new Error('the server has ended');
    return JSON.parse(value);
  };
  const ask = (command: string): Promise<unknown> => {
    child.stdin.write(`${command}\n`);
    return nextLine();
  };
  const { port } = (await nextLine()) as { readonly port: number };
  return {
    name: 'the server in C of bench/native',
    baseUrl: `http://127.0.0.1:${port}`,
    async reset() {
      await ask('reset');
    },
    async report() {
      const { cpuUs, ...counted } = (await ask('report')) as Omit<Served, 'cpuMs'> & {
        readonly cpuUs: number;
      };
      return { ...counted, cpuMs: cpuUs / 1e3 };
    },
    arrivals: {
      async reached(count) {
        await ask(`notify ${count}`);
        return (await nextLine()) as { readonly atNs: number };
      },
      async write(file) {
        await ask(`arrivals ${file}`);
      },
    },
    async [Symbol.asyncDispose]() {
      child.stdin.end();
      await once(child, 'exit');
    },
  };
}
