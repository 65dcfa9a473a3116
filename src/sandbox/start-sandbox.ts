import { createServer } from 'node:http';
import type { Server } from 'node:http';
import { getRequestListener } from '@hono/node-server';
import { messageOf, PurgeError } from '../errors.ts';
import { createSandbox } from './create-sandbox.ts';
import type { SandboxControls } from './create-sandbox.ts';
import type { SandboxOptions } from './options.ts';

/** A sandbox that listens on a port of this machine. */
export interface RunningSandbox extends SandboxControls {
  /** `http://127.0.0.1:<port>` */
  readonly url: string;
  readonly port: number;
  /** Stops listening and ends every connection, hanging ones included. Resolves when the port is free. */
  close(): Promise<void>;
}

/** Idle connections stay open this long, so that a pause between requests is no source of resets. */
const KEEP_ALIVE_MS = 120_000;

/**
 * Starts a sandbox on 127.0.0.1 only; port 0 or none takes a free one. Throws a `usage` PurgeError for wrong options
 * and for a port that cannot be had.
 */
export async function startSandbox(
  options: SandboxOptions & { port?: number } = {},
): Promise<RunningSandbox> {
  const { port: wanted = 0, ...sandboxOptions } = options;
  if (!Number.isInteger(wanted) || wanted < 0 || wanted > 65_535) throw badPort(`${wanted} is no port`);
  const { app, release, ...controls } = createSandbox(sandboxOptions);
  // A library does not change the globals of its program, so Request and Response stay as they are.
  const listener = getRequestListener(app.fetch, { overrideGlobalObjects: false });
  const server = createServer(
    { keepAliveTimeout: KEEP_ALIVE_MS, requestTimeout: 0 },
    (incoming, outgoing) => {
      void listener(incoming, outgoing);
    },
  );
  const port = await listen(server, wanted);
  return { ...controls, url: `http://127.0.0.1:${port}`, port, close };

  function close(): Promise<void> {
    const { promise, resolve } = Promise.withResolvers<void>();
    server.close(() => resolve());
    server.closeAllConnections();
    release();
    return promise;
  }
}

/** Resolves to the port that was taken. */
function listen(server: Server, wanted: number): Promise<number> {
  const { promise, resolve, reject } = Promise.withResolvers<number>();
  server.once('error', (error) => {
    reject(badPort(`port ${wanted} cannot be had: ${messageOf(error)}`, error));
  });
  server.listen({ port: wanted, host: '127.0.0.1' }, () => {
    const address = server.address();
    resolve(typeof address === 'object' && address !== null ? address.port : wanted);
  });
  return promise;
}

function badPort(problem: string, cause?: unknown): PurgeError {
  return new PurgeError('usage', `The sandbox cannot listen: ${problem}.`, {
    next: 'Choose a port from 1024 to 65535, or none to take a free one.',
    cause,
  });
}
