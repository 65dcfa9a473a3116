import type { HttpBindings } from '@hono/node-server';
import { RESPONSE_ALREADY_SENT } from '@hono/node-server/utils/response';
import type { Context } from 'hono';
import type { Answer } from './answers.ts';
import type { Waits } from './waits.ts';
import type { Decision } from './world.ts';

/** In-process there is no socket, and resets and hangs are as near as `fetch` can show them. */
export type SandboxEnv = { Bindings: Partial<HttpBindings> };

/** The real request and response, if there is a port; hono leaves `env` out when `fetch` is called without one. */
export function wireOf(c: Context<SandboxEnv>): Partial<HttpBindings> {
  const env: Partial<HttpBindings> | undefined = c.env;
  return env ?? {};
}

/** Sends what was decided, however badly. On a real port it spoils the real connection. */
export async function deliver(c: Context<SandboxEnv>, decision: Decision, waits: Waits): Promise<Response> {
  const { answer, delivery, delayMs } = decision;
  const onGone = (release: () => void): void => whenGone(c, release);
  if (delayMs > 0) await waits.wait(delayMs, onGone);
  if (delivery === 'whole')
    return new Response(answer.body, { status: answer.status, headers: answer.headers });
  if (delivery === 'reset') return reset(c);
  if (delivery === 'hang') {
    await waits.wait(Number.POSITIVE_INFINITY, onGone);
    return reset(c);
  }
  if (delivery === 'truncated') return sendHalf(c, answer, Promise.resolve());
  return sendHalf(c, answer, waits.wait(Number.POSITIVE_INFINITY, onGone));
}

function whenGone(c: Context<SandboxEnv>, release: () => void): void {
  const { outgoing } = wireOf(c);
  if (outgoing === undefined) c.req.raw.signal.addEventListener('abort', release, { once: true });
  else if (outgoing.destroyed) release();
  else outgoing.once('close', release);
}

/** Ends the connection with RST, as a crashing server or a firewall does. */
function reset(c: Context<SandboxEnv>): Response {
  const socket = wireOf(c).incoming?.socket;
  if (socket === undefined) return Response.error();
  socket.resetAndDestroy();
  return RESPONSE_ALREADY_SENT;
}

/** Sends headers that promise more than half a body, that half, and after `end` closes the connection. */
function sendHalf(c: Context<SandboxEnv>, answer: Answer, end: Promise<void>): Response {
  const body = answer.body ?? '{"status":"deleted"}';
  const half = body.slice(0, Math.ceil(body.length / 2));
  const headers = {
    'content-type': 'application/json',
    ...answer.headers,
    'content-length': String(Buffer.byteLength(body)),
  };
  const status = answer.status === 204 ? 200 : answer.status;
  const { outgoing, incoming } = wireOf(c);
  if (outgoing === undefined || incoming === undefined) {
    return new Response(brokenStream(half, end), { status, headers });
  }
  outgoing.writeHead(status, headers);
  outgoing.write(half, () => {
    void end.then(() => incoming.socket.destroy());
  });
  return RESPONSE_ALREADY_SENT;
}

function brokenStream(half: string, end: Promise<void>): ReadableStream<Uint8Array> {
  let sent = false;
  return new ReadableStream({
    async pull(controller) {
      if (sent) {
        await end;
        controller.error(new Error('the sandbox cut this answer short'));
      } else {
        sent = true;
        controller.enqueue(new TextEncoder().encode(half));
      }
    },
  });
}
