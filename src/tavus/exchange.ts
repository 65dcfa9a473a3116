import type { Dispatcher } from 'undici';

import { messageOf } from '../errors.ts';
import type { Sending } from '../ports.ts';
import { ABORTED, TIMED_OUT } from './observation.ts';
import type { AnswerHeaders, Observation, RequestFailure } from './observation.ts';
import { isCertificateRefused } from './tls-verification.ts';

/** Where an exchange ends: with what was seen, or with an error that is a bug of ours. */
export interface ExchangeEnd {
  resolve(observation: Observation): void;
  reject(bug: unknown): void;
}

/**
 * One request on the wire and what comes back. Ends exactly once: with the answer, with a failure, by `timeOut`, by
 * `abort`, or because it may not leave. It knows whether the request was handed to a socket, and lets that happen once
 * at most.
 */
export class Exchange implements Dispatcher.DispatchHandler {
  /** When its time is up, in monotonic milliseconds. Whoever has it sees to that (`UnderWay`), and to the signal. */
  readonly deadlineAt: number;
  /** Aborts it. */
  readonly signal: AbortSignal | undefined;
  readonly #end: ExchangeEnd;
  readonly #timeoutMs: number;
  readonly #mayLeave: () => boolean;
  #chunks: Buffer[] | undefined;
  #controller: Dispatcher.DispatchController | undefined;
  #headers: AnswerHeaders = {};
  #status: number | undefined;
  #left = false;
  #ended = false;
  #isStuck = false;

  /** `mayLeave` is asked in the last moment in which the request can be held back. */
  constructor({ timeoutMs, signal }: Sending, end: ExchangeEnd, mayLeave: () => boolean = always) {
    this.#end = end;
    this.#mayLeave = mayLeave;
    this.#timeoutMs = timeoutMs;
    this.deadlineAt = performance.now() + timeoutMs;
    this.signal = signal;
  }

  get ended(): boolean {
    return this.#ended;
  }

  /** Whether it was given up before there was a connection: undici still holds the request then. */
  get isStuck(): boolean {
    return this.#isStuck;
  }

  /** Gives up: closes the connection, or sees to it that the request never leaves if it has not yet. */
  abort(): void {
    this.#giveUp({ code: ABORTED, message: 'aborted by a signal' });
  }

  /** The deadline of the whole attempt: connecting, waiting, and a body that drips. */
  timeOut(): void {
    const what = this.#left ? 'no whole answer' : 'no connection';
    this.#giveUp({ code: TIMED_OUT, message: `${what} within ${this.#timeoutMs} ms` });
  }

  /** undici calls this right before it writes the request, in the same turn: the last moment to hold it back. */
  onRequestStart(controller: Dispatcher.DispatchController): void {
    if (this.#left && !this.#ended) this.#fail('RESENT', 'the connection was lost before an answer');
    this.#askWhetherItMayLeave();
    if (this.#ended) {
      controller.abort(new Error('the attempt is over'));
      return;
    }
    this.#controller = controller;
    this.#left = true;
  }

  onResponseStart(
    _controller: Dispatcher.DispatchController,
    status: number,
    headers: Record<string, string | string[] | undefined>,
  ): void {
    // Interim answers (RFC 9110 15.2) come before the one that counts.
    if (status < 200) return;
    this.#status = status;
    this.#headers = headers;
  }

  onResponseData(_controller: Dispatcher.DispatchController, chunk: Buffer): void {
    this.#chunks ??= [];
    this.#chunks.push(chunk);
  }

  onResponseEnd(): void {
    this.#answer({ truncated: false, oversized: false });
  }

  onResponseError(_controller: Dispatcher.DispatchController | null, error: Error): void {
    if (this.#ended) return;
    const code = codeOf(error);
    if (code === 'UND_ERR_INVALID_ARG' && !this.#left) {
      this.#ended = true;
      this.#end.reject(error);
    } else if (this.#status === undefined) {
      this.#fail(code, firstMessage(error));
    } else {
      const oversized = code === 'UND_ERR_RES_EXCEEDED_MAX_SIZE';
      this.#answer({ truncated: !oversized, oversized });
    }
  }

  #askWhetherItMayLeave(): void {
    if (this.#ended) return;
    // undici would take what is thrown here for a failure of the network.
    try {
      if (!this.#mayLeave()) this.#fail(ABORTED, 'held back before it left');
    } catch (bug) {
      this.#ended = true;
      this.#end.reject(bug);
    }
  }

  #giveUp({ code, message }: Pick<RequestFailure, 'code' | 'message'>): void {
    if (this.#ended) return;
    this.#isStuck = !this.#left;
    if (this.#status === undefined) this.#fail(code, message);
    else this.#answer({ truncated: true, oversized: false });
    this.#controller?.abort(new Error(message));
  }

  #fail(code: string, message: string): void {
    this.#ended = true;
    this.#end.resolve({ kind: this.#failureKind(code), code, message });
  }

  #failureKind(code: string): RequestFailure['kind'] {
    if (this.#left) return 'sent';
    return isCertificateRefused(code) ? 'tls' : 'not_sent';
  }

  #answer(flags: { readonly truncated: boolean; readonly oversized: boolean }): void {
    if (this.#ended) return;
    this.#ended = true;
    this.#end.resolve({
      kind: 'answer',
      status: this.#status ?? 0,
      headers: this.#headers,
      body: this.#chunks === undefined ? '' : Buffer.concat(this.#chunks).toString('utf8'),
      ...flags,
    });
  }
}

function always(): boolean {
  return true;
}

function codeOf(error: Error): string {
  return 'code' in error && typeof error.code === 'string' ? error.code : error.name;
}

/** Several addresses of one host fail together as an AggregateError, which has no message of its own. */
function firstMessage(error: Error): string {
  if (error.message !== '' || !(error instanceof AggregateError)) return error.message;
  return error.errors.map(messageOf).join('; ');
}
