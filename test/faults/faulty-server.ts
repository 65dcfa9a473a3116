import type { Socket } from 'node:net';
import { TLSSocket } from 'node:tls';
import { httpAnswer, startRawServer, type RawServer } from '../tavus/raw-server.ts';
import type { Certificates } from './certificates.ts';
import type { Position, Shape, ShapeWorld } from './shapes.ts';

export interface FaultyServerOptions extends ShapeWorld {
  readonly shape: Shape;
  readonly position: Position;
  /** Whether the server carries out a request that meets the shape. */
  readonly applies: boolean;
  /** What is deleted, in this order. */
  readonly ids: readonly string[];
  readonly certificates: Certificates | null;
}

interface SeenRequest {
  readonly id: string | null;
  readonly path: string;
  readonly at: number;
}

/** A server that deletes as the API does, and where it should, misbehaves in one way. */
export interface FaultyServer {
  readonly origin: string;
  readonly deleted: ReadonlySet<string>;
  readonly requests: readonly SeenRequest[];
  /** How often the shape was met. */
  met(): number;
  /** The most bytes that one connection took. */
  mostBytes(): number;
  /** From now on nothing is wrong any more. */
  heal(): void;
  close(): Promise<void>;
}

export async function startFaultyServer(options: FaultyServerOptions): Promise<FaultyServer> {
  const { shape, position, applies, ids, certificates } = options;
  const deleted = new Set<string>();
  const requests: SeenRequest[] = [];
  const sockets: Socket[] = [];
  const met = new Set<unknown>();
  let connections = 0;
  let isHealed = false;
  const wanted = position === 'first' ? ids[0] : ids.at(-1);
  const isAboutConnections = shape.answer === undefined;
  /** With one connection for each request, the n-th is that of the last ID. */
  const meetsConnection = (n: number): boolean =>
    !isHealed && (position === 'every' || n === (position === 'first' ? 1 : ids.length));

  const server: RawServer = await startRawServer(
    ({ text, socket }) => {
      const path = text.split(' ', 2)[1] ?? '';
      const id = /^\/v2\/videos\/([^?]+)/.exec(path)?.[1] ?? null;
      const isFirstOfId = !requests.some((request) => request.id === id);
      requests.push({ id, path, at: performance.timeOrigin + performance.now() });
      const isMet =
        shape.answer !== undefined &&
        !isHealed &&
        (position === 'every' || (id === wanted && isFirstOfId)) &&
        id !== null;
      const was = id !== null && deleted.has(id);
      if (id !== null && (!isMet || applies)) deleted.add(id);
      if (isMet) {
        met.add(requests.length);
        shape.answer?.(socket, options);
        return;
      }
      const more = isAboutConnections ? ['connection: close'] : [];
      socket.write(was ? httpAnswer(400, '{"error":"Invalid video_id"}', more) : httpAnswer(200, '', more));
      if (isAboutConnections) socket.end();
    },
    {
      onConnect(socket) {
        sockets.push(socket);
        if (shape.connect === undefined || !meetsConnection(connections + 1)) {
          connections += 1;
          return;
        }
        connections += 1;
        met.add(socket);
        shape.connect(socket);
      },
      ...(shape.certificate === undefined || certificates === null
        ? {}
        : {
            wrap(socket, connection) {
              const isMet = meetsConnection(connection);
              if (isMet) met.add(socket);
              const shown = certificates[isMet ? (shape.certificate ?? 'good') : 'good'];
              return new TLSSocket(socket, { isServer: true, ...shown });
            },
          }),
    },
  );
  const scheme = shape.certificate === undefined ? 'http' : 'https';
  return {
    origin: `${scheme}://127.0.0.1:${server.port}`,
    deleted,
    requests,
    met: () => met.size,
    mostBytes: () => Math.max(0, ...sockets.map((socket) => socket.bytesWritten)),
    heal() {
      isHealed = true;
      for (const socket of server.open()) socket.destroy();
    },
    close: () => server.close(),
  };
}
