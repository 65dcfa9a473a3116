import type { Socket } from 'node:net';
import { httpAnswer, startRawServer, type RawServer } from '../tavus/raw-server.ts';

/** The ways in which a server says the key that it was sent. */
export const ECHOES = [
  'error',
  'json',
  'base64',
  'url',
  'location',
  'retry-after',
  'header',
  'status',
  'garbage',
  'html',
] as const;
export type Echo = (typeof ECHOES)[number];

/** A server that says the key of each request back, in the ways given by turns. */
export function startEchoServer(echoes: readonly Echo[]): Promise<RawServer> {
  return startRawServer(({ text, socket, number }) => {
    const key = /^x-api-key: (.*)\r$/im.exec(text)?.[1] ?? '';
    answer(socket, echoes[(number - 1) % echoes.length] ?? 'error', key);
  });
}

function answer(socket: Socket, echo: Echo, key: string): void {
  const answers: Readonly<Record<Echo, () => string>> = {
    error: () => httpAnswer(422, json(`the key ${key} may not do this`)),
    // Cut by the program in the middle of the key.
    json: () => httpAnswer(422, JSON.stringify({ message: `${'x'.repeat(270)}${key}${key}` })),
    base64: () =>
      httpAnswer(409, json(`authorization: Basic ${Buffer.from(`me:${key}`).toString('base64')}`)),
    url: () => httpAnswer(422, json(`https://a.example/?key=${encodeURIComponent(key)}`)),
    location: () => httpAnswer(302, '', [`location: https://evil.example/?key=${encodeURIComponent(key)}`]),
    'retry-after': () => httpAnswer(429, json('slow down'), [`retry-after: ${key}`]),
    header: () => `HTTP/1.1 200 OK\r\nx y: ${key}\r\n\r\n`,
    status: () => `HTTP/1.1 500 ${key}\r\ncontent-length: 0\r\n\r\n`,
    garbage: () => `${key}\r\n\r\n`,
    html: () => httpAnswer(502, `<title>${key}</title>`, ['content-type: text/html']),
  };
  socket.end(answers[echo](), 'latin1');
}

function json(error: string): string {
  return JSON.stringify({ error });
}
