import type { NotificationFailure } from './job.ts';
import { post } from './notify-post.ts';
import { deliver, TryFailed, type Delivery } from './notify-tries.ts';
import { notifyUrl, shownUrl } from './notify-url.ts';

/** What a health-check service is told. */
export interface Ping {
  readonly event: NotificationFailure['event'];
  /** One line, kept by the service beside the ping. */
  readonly text: string;
}

/** healthchecks.io answers a ping to an unknown or busy check with 200, and says so in the body only. */
const IGNORED = /^OK \((not found|rate limited)\)/;

/** Where a ping goes: `/start` and `/fail` are added to the path, before a query; success is the URL itself. */
export function pingUrl(url: string, event: Ping['event']): URL {
  const target = notifyUrl(url, 'notify.ping');
  if (event !== 'success') target.pathname = `${target.pathname.replace(/\/+$/, '')}/${event}`;
  return target;
}

/** Pings a health-check service. Answers with `null`, or with one sentence that says why it was not told. Throws for a wrong URL only. */
export async function sendPing(url: string, ping: Ping, delivery: Delivery): Promise<string | null> {
  const target = pingUrl(url, ping.event);
  return deliver(
    shownUrl(target),
    async (signal) => {
      const headers = { 'content-type': 'text/plain; charset=utf-8' };
      const answer = await post({ url: target, headers, body: ping.text, readsAnswer: true }, signal);
      const ignored = IGNORED.exec(answer)?.[1];
      if (ignored !== undefined) {
        throw new TryFailed(`did not take the ping (${ignored})`, ignored === 'rate limited');
      }
    },
    delivery,
  );
}
