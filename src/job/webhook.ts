import { createHmac } from 'node:crypto';
import type { JobNotify } from './job.ts';
import { post } from './notify-post.ts';
import { deliver, type Delivery } from './notify-tries.ts';
import { notifyUrl, shownUrl } from './notify-url.ts';
import { readWebhookSecret } from './webhook-secret.ts';

/** A webhook message: the same ID in all tries, so that a receiver can tell a repetition. */
export interface WebhookMessage {
  readonly id: string;
  /** JSON. */
  readonly body: string;
}

/**
 * The value of `webhook-signature`: `v1,` and the HMAC-SHA256 (base64) of `<id>.<timestamp>.<body>`.
 * `timestamp` is in whole seconds since 1970. Source: Standard Webhooks 1.0.0, "Signature scheme".
 */
export function webhookSignature(
  secret: Uint8Array,
  { id, timestamp, body }: WebhookMessage & { readonly timestamp: number },
): string {
  const signed = `${id}.${String(timestamp)}.${body}`;
  return `v1,${createHmac('sha256', secret).update(signed, 'utf8').digest('base64')}`;
}

/**
 * Posts a message, signed when there is a secret file; each try has its own timestamp. Answers with `null`, or with one
 * sentence that says why it was not delivered. Throws for a wrong URL only.
 */
export async function sendWebhook(
  webhook: NonNullable<JobNotify['webhook']>,
  message: WebhookMessage,
  delivery: Delivery,
): Promise<string | null> {
  const url = notifyUrl(webhook.url, 'notify.webhook.url');
  return deliver(
    shownUrl(url),
    async (signal) => {
      const timestamp = Math.floor(delivery.clock.now() / 1_000);
      const headers: Record<string, string> = {
        'content-type': 'application/json',
        'webhook-id': message.id,
        'webhook-timestamp': String(timestamp),
      };
      if (webhook.secretFile !== null) {
        const secret = readWebhookSecret(webhook.secretFile);
        headers['webhook-signature'] = webhookSignature(secret, { ...message, timestamp });
      }
      await post({ url, headers, body: message.body, readsAnswer: false }, signal);
    },
    delivery,
  );
}
