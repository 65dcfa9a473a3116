import type { Socket } from 'node:net';
import { gzipSync } from 'node:zlib';
import { httpAnswer } from '../tavus/raw-server.ts';
import type { Certificates } from './certificates.ts';

/** Which requests (or connections) meet the shape. */
export const POSITIONS = ['first', 'last', 'every'] as const;
export type Position = (typeof POSITIONS)[number];

/** What goes wrong, and the exit code that the contract gives a run of which one request or every request meets it. */
export interface Shape {
  readonly name: string;
  /** What the server does to a request that arrived whole. */
  readonly answer?: (socket: Socket, world: ShapeWorld) => void;
  /** What it does to a connection before any request is read. */
  readonly connect?: (socket: Socket) => void;
  /** The certificate it shows; all of the server is TLS then. */
  readonly certificate?: Exclude<keyof Certificates, 'authority'>;
  /** What one connection may take of it, where that is limited before the deadline. */
  readonly mostBytes?: number;
  readonly exitCodes: { readonly one: ExitCodes; readonly every: ExitCodes };
}

/** By whether the request that met the shape was carried out by the server or not. */
interface ExitCodes {
  readonly applied: number;
  readonly ignored: number;
}

export interface ShapeWorld {
  /** Where nobody may ever ask. */
  readonly evilOrigin: string;
}

const both = (code: number): ExitCodes => ({ applied: code, ignored: code });

/** Maybe applied: tried again, and a row that never gets a whole answer is `unknown`. */
const UNANSWERED = { one: both(0), every: both(3) };
/** Proves that this is not the API: an `unknown` row, and two in a row stop the run. */
const NOT_THE_API = { one: both(3), every: both(6) };
/** Stops the run at once. */
const STOPS = { one: both(6), every: both(6) };
/** Harmless where the server did what it says. */
const FINE = { one: both(0), every: both(0) };

const HEAD = 'HTTP/1.1 200 OK\r\n';
const CHUNKED = `${HEAD}transfer-encoding: chunked\r\n\r\n`;
const HTML = '<!doctype html><title>Wi-Fi</title><p>Please log in.</p>';

export const SHAPES: readonly Shape[] = [
  // ---- the connection
  {
    name: 'a reset before the request is read',
    connect: (socket) => socket.resetAndDestroy(),
    exitCodes: UNANSWERED,
  },
  { name: 'a close before the request is read', connect: (socket) => socket.end(), exitCodes: UNANSWERED },
  answering('a reset after the request was read', (socket) => socket.resetAndDestroy()),
  answering('a close after the request was read', (socket) => socket.end()),
  answering('a connection that the server half closes, and keeps', (socket) => {
    socket.end();
    socket.setTimeout(0);
  }),
  answering('silence', () => {}),

  // ---- the head of the answer
  answering('half a status line', (socket) => socket.end('HTTP/1.1 2')),
  answering('half a header', (socket) => socket.end(`${HEAD}content-le`)),
  answering('half a header, then silence', (socket) => socket.write(`${HEAD}content-le`)),
  answering('garbage', (socket) => socket.end('\0\x01\xff\xfe not http at all\r\n\r\n')),
  answering('the greeting of a mail server', (socket) => socket.end('220 mail.example ESMTP\r\n')),
  answering('a header over 16 KiB', (socket) => socket.write(`${HEAD}x-long: ${'a'.repeat(20_000)}\r\n\r\n`)),
  answering('headers over 16 KiB together', (socket) =>
    socket.write(`${HEAD}${'x-many: 0123456789abcdef\r\n'.repeat(2_000)}\r\n`),
  ),
  answering('headers that drip', (socket) => drip(socket, `${HEAD}${'x-a: b\r\n'.repeat(200)}`)),
  answering('interim answers without end', (socket) =>
    flood(socket, 'HTTP/1.1 103 Early Hints\r\n\r\n'.repeat(100)),
  ),
  answering('an upgrade that nobody asked for', (socket) =>
    socket.write('HTTP/1.1 101 Switching Protocols\r\nupgrade: x\r\nconnection: upgrade\r\n\r\n'),
  ),
  answering('two content-lengths that differ', (socket) =>
    socket.write(`${HEAD}content-length: 2\r\ncontent-length: 200\r\n\r\n{}`),
  ),
  answering('a content-length below zero', (socket) => socket.write(`${HEAD}content-length: -2\r\n\r\n{}`)),
  answering('a status that is no number', (socket) =>
    socket.write('HTTP/1.1 OK 200\r\ncontent-length: 0\r\n\r\n'),
  ),

  // ---- the body of the answer
  answering('a body that is cut off', (socket) => socket.end(`${HEAD}content-length: 30\r\n\r\n{"mess`)),
  answering('a body that is reset', (socket) =>
    socket.write(`${HEAD}content-length: 30\r\n\r\n{"mess`, () =>
      setTimeout(() => socket.resetAndDestroy(), 10),
    ),
  ),
  answering('a chunked body that is cut off', (socket) => socket.end(`${CHUNKED}5\r\n{"a`)),
  answering('a chunk size that is none', (socket) => socket.write(`${CHUNKED}zz\r\n{}\r\n0\r\n\r\n`)),
  answering('a body that never comes', (socket) => socket.write(`${HEAD}content-length: 30\r\n\r\n`)),
  answering('a body that drips', (socket) => {
    socket.write(`${HEAD}content-length: 900\r\n\r\n`);
    drip(socket, ' '.repeat(900));
  }),
  answering('a body of 1 MiB', (socket) => socket.write(httpAnswer(200, `{"a":"${'x'.repeat(2 ** 20)}"}`))),
  {
    ...answering('an endless body', (socket) => {
      socket.write(CHUNKED);
      flood(socket, `1000\r\n${' '.repeat(4_096)}\r\n`);
    }),
    // 64 KiB are read; the rest is what the buffers of the system take.
    mostBytes: 1.5 * 2 ** 20,
  },
  {
    // Nothing is unpacked, so it is a short body that is not JSON.
    name: 'a gzip bomb, packed twice',
    answer: (socket) => socket.write(Buffer.concat([Buffer.from(gzipHead(bomb().length), 'latin1'), bomb()])),
    exitCodes: NOT_THE_API,
  },

  // ---- whole answers of somebody else
  ...[200, 404].map((status): Shape => ({
    name: `a portal's page with status ${status}`,
    answer: (socket) => socket.write(httpAnswer(status, HTML, ['content-type: text/html'])),
    exitCodes: NOT_THE_API,
  })),
  answering("a portal's page with status 502", (socket) =>
    socket.write(httpAnswer(502, HTML, ['content-type: text/html'])),
  ),
  {
    name: 'success with an error in it',
    answer: (socket) => socket.write(httpAnswer(200, '{"error":"try again"}')),
    exitCodes: { one: both(3), every: both(3) },
  },
  ...[301, 302, 303, 307, 308].map((status): Shape => ({
    name: `a redirect (${status}) to another host`,
    answer: (socket, { evilOrigin }) =>
      socket.write(httpAnswer(status, '', [`location: ${evilOrigin}/v2/videos/a000000000?hard=true`])),
    exitCodes: STOPS,
  })),

  // ---- more than one answer; the server tells the truth in the first one, so these are for requests it carried out
  {
    name: 'two answers, the second one a refusal',
    answer: (socket) => socket.write(httpAnswer(200) + httpAnswer(400, '{"error":"Invalid video_id"}')),
    exitCodes: { one: { applied: 0, ignored: NaN }, every: { applied: 0, ignored: NaN } },
  },
  {
    name: 'an answer, then a close while the next request is on its way',
    answer: (socket) => socket.write(httpAnswer(200), () => setImmediate(() => socket.destroy())),
    exitCodes: { one: { applied: 0, ignored: NaN }, every: { applied: 0, ignored: NaN } },
  },
  {
    name: 'interim answers, then the real one',
    answer: (socket) => socket.write('HTTP/1.1 102 Processing\r\n\r\n'.repeat(20) + httpAnswer(200)),
    exitCodes: { one: { applied: 0, ignored: NaN }, every: { applied: 0, ignored: NaN } },
  },

  // ---- TLS
  ...(['selfSigned', 'unknownAuthority', 'wrongHost', 'expired'] as const).map((certificate): Shape => ({
    name: `a certificate that cannot be believed (${certificate})`,
    certificate,
    exitCodes: STOPS,
  })),
  { name: 'TLS without any trouble', certificate: 'good', exitCodes: FINE },
];

function answering(name: string, answer: (socket: Socket) => void): Shape {
  return { name, answer, exitCodes: UNANSWERED };
}

/** One byte now and then, so that no limit between bytes would ever end it. */
function drip(socket: Socket, text: string): void {
  let sent = 0;
  const timer = setInterval(() => {
    if (socket.destroyed || sent === text.length) clearInterval(timer);
    else socket.write(text.charAt(sent++));
  }, 20);
}

/** The same again and again, some 8 MB a second, as long as it is taken. */
function flood(socket: Socket, text: string): void {
  const portion = text.repeat(Math.ceil(2 ** 14 / text.length));
  const timer = setInterval(() => {
    if (socket.destroyed) clearInterval(timer);
    else if (socket.writableLength === 0) socket.write(portion);
  }, 2);
}

function gzipHead(length: number): string {
  return `${HEAD}content-type: application/json\r\ncontent-encoding: gzip, gzip\r\ncontent-length: ${length}\r\n\r\n`;
}

let packed: Buffer | undefined;
/** 64 MiB of spaces in a few hundred bytes; made once. */
function bomb(): Buffer {
  packed ??= gzipSync(gzipSync(Buffer.alloc(2 ** 26, ' ')));
  return packed;
}
