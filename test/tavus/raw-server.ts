import { once } from 'node:events';
import { createServer } from 'node:net';
import type { Server, Socket } from 'node:net';
import { createServer as createTlsServer } from 'node:tls';

/** One request as it came in, byte for byte, with the socket to misbehave on. */
export interface RawRequest {
  readonly text: string;
  readonly socket: Socket;
  /** Counts from 1 over the server's life. */
  readonly number: number;
}

export interface RawServer {
  readonly origin: string;
  readonly port: number;
  /** Every request that arrived whole. */
  readonly requests: readonly string[];
  /** Connections accepted so far. */
  connections(): number;
  /** The sockets that are open now, oldest first. */
  open(): readonly Socket[];
  close(): Promise<void>;
}

export interface RawServerOptions {
  readonly tls?: { readonly key: string; readonly cert: string };
  readonly onConnect?: (socket: Socket) => void;
  /** Another socket to speak on, such as TLS with a certificate for this connection only; connections count from 1. */
  readonly wrap?: (socket: Socket, connection: number) => Socket;
}

/** A TCP (or TLS) server on loopback that hands over the bytes of each request and answers nothing by itself. */
export async function startRawServer(
  onRequest: (request: RawRequest) => void,
  options: RawServerOptions = {},
): Promise<RawServer> {
  const requests: string[] = [];
  const open = new Set<Socket>();
  let connections = 0;
  const onSocket = (plain: Socket): void => {
    connections += 1;
    const socket =
      options.wrap?.(
        plain.on('error', () => {}),
        connections,
      ) ?? plain;
    open.add(socket);
    socket.on('close', () => open.delete(socket)).on('error', () => {});
    options.onConnect?.(socket);
    let pending = '';
    socket.setEncoding('latin1').on('data', (chunk: string) => {
      pending += chunk;
      for (let end = pending.indexOf('\r\n\r\n'); end !== -1; end = pending.indexOf('\r\n\r\n')) {
        const text = pending.slice(0, end + 4);
        pending = pending.slice(end + 4);
        requests.push(text);
        onRequest({ text, socket, number: requests.length });
      }
    });
  };
  const server: Server =
    options.tls === undefined ? createServer(onSocket) : createTlsServer(options.tls, onSocket);
  // A client that refuses our certificate is what some tests want to see.
  server.on('tlsClientError', () => {});
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  if (address === null || typeof address === 'string') throw new Error('the server has no port');
  const { port } = address;
  return {
    origin: `${options.tls === undefined ? 'http' : 'https'}://127.0.0.1:${port}`,
    port,
    requests,
    connections: () => connections,
    open: () => [...open],
    async close() {
      for (const socket of open) socket.destroy();
      server.close();
      await once(server, 'close');
    },
  };
}

/** An HTTP/1.1 answer with a right `content-length`. */
export function httpAnswer(status: number, body = '', headers: readonly string[] = []): string {
  const lines = [`HTTP/1.1 ${status} Because`, `content-length: ${Buffer.byteLength(body)}`, ...headers];
  return `${lines.join('\r\n')}\r\n\r\n${body}`;
}
