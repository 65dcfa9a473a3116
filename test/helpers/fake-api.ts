import { classifyAnswer } from '../../src/tavus/classify-answer.ts';
import type { AttemptEnd, Clock, DeleteApi } from '../../src/ports.ts';
import { scrubNothing } from '../../src/scrub.ts';
import { ABORTED, TIMED_OUT, type Observation } from '../../src/tavus/observation.ts';
import type { PlannedDeletion } from '../../src/types.ts';

/** What a request to the fake API meets. */
export type FakeAnswer =
  | {
      readonly status: number;
      readonly body?: string;
      readonly retryAfter?: string;
      readonly afterMs?: number;
    }
  | { readonly lost: 'not_sent' | 'sent' | 'tls'; readonly afterMs?: number }
  /** No answer until it is aborted. */
  | { readonly hangs: true };

export const OK: FakeAnswer = { status: 200 };
export const UNKNOWN_ID: FakeAnswer = { status: 400, body: '{"error":"Invalid video_id"}' };
export const THROTTLED: FakeAnswer = { status: 429, body: '{"message":"slow down"}', retryAfter: '2' };
export const UNAVAILABLE: FakeAnswer = { status: 503, body: '' };
export const BAD_KEY: FakeAnswer = { status: 401, body: '{"message":"Invalid access token"}' };

const HELD_BACK: Observation = { kind: 'not_sent', code: ABORTED, message: 'held back before it left' };

interface FakeRequest {
  readonly id: string;
  /** Monotonic time at which it was sent. */
  readonly at: number;
}

/** A scripted API: `answers(id, n)` gives the answer to the n-th request (from 1) for an ID. Answers take 10 ms unless they say so. */
export interface FakeApi extends DeleteApi {
  readonly requests: readonly FakeRequest[];
  requestsFor(id: string): number;
}

export function createFakeApi(
  clock: Clock,
  answers: (id: string, n: number, total: number) => FakeAnswer,
): FakeApi {
  const requests: FakeRequest[] = [];
  const requestsFor = (id: string): number => requests.filter((request) => request.id === id).length;
  const end = (observation: Observation): AttemptEnd => ({
    verdict: classifyAnswer(observation, { scrub: scrubNothing, now: clock.now() }),
    endedAt: clock.now(),
  });
  return {
    requests,
    requestsFor,
    async send(deletion: PlannedDeletion, { timeoutMs, signal }, mayLeave): Promise<AttemptEnd> {
      if (!mayLeave()) return end(HELD_BACK);
      requests.push({ id: deletion.id, at: clock.monotonic() });
      const answer = answers(deletion.id, requestsFor(deletion.id), requests.length);
      const afterMs = 'hangs' in answer ? Infinity : (answer.afterMs ?? 10);
      await clock.sleep(Math.min(afterMs, timeoutMs), signal);
      const observation = observationOf(answer, {
        aborted: signal?.aborted === true,
        late: afterMs > timeoutMs,
      });
      return end(observation);
    },
    close: () => Promise.resolve(),
  };
}

function observationOf(
  answer: FakeAnswer,
  end: { readonly aborted: boolean; readonly late: boolean },
): Observation {
  if (end.aborted) return { kind: 'sent', code: ABORTED, message: 'aborted' };
  if (end.late || 'hangs' in answer) return { kind: 'sent', code: TIMED_OUT, message: 'no answer in time' };
  if ('lost' in answer) return { kind: answer.lost, code: 'ECONNRESET', message: 'connection reset' };
  const { status, body = '', retryAfter } = answer;
  const headers = {
    'content-type': 'application/json',
    ...(retryAfter === undefined ? {} : { 'retry-after': retryAfter }),
  };
  return { kind: 'answer', status, headers, body, truncated: false, oversized: false };
}
