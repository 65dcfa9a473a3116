/** Tells the world that a job starts and how it ended. Whatever goes wrong here changes nothing about the run. */
import { randomUUID } from 'node:crypto';
import { dirname } from 'node:path';
import type { Clock, Random } from '../ports.ts';
import { printable } from '../printable.ts';
import { scrubNothing, type Scrub } from '../scrub.ts';
import { systemClock } from '../system-clock.ts';
import { endLine } from './end-line.ts';
import type { Job, JobEnd, JobTrigger, NotificationFailure } from './job.ts';
import { eventOf, notifyBody, notifyPayload } from './notify-payload.ts';
import { sentenceFor, type Delivery, type NotifyLimits } from './notify-tries.ts';
import { sendPing } from './ping.ts';
import { runNotifyCommand, type Environment } from './run-notify-command.ts';
import { sendWebhook } from './webhook.ts';

export interface NotifyOptions {
  /** Of this process; a notification command gets a few names of it. */
  readonly environment: Environment;
  /** Takes the API key out of all that is sent or answered, should it be there in spite of everything. */
  readonly scrub?: Scrub;
  /** Gives up what is not delivered yet. */
  readonly signal?: AbortSignal;
  /** Shorter ones, such as for a run that ends at once because another one is going on. */
  readonly limits?: Partial<NotifyLimits>;
  readonly clock?: Clock;
  readonly random?: Random;
}

/** Shorter than at the end: the job does not wait for it, but its end notification does, so that the two keep their order. */
const START_LIMITS: NotifyLimits = { tries: 3, tryMs: 5_000, totalMs: 10_000 };
/** For each channel; they are served side by side. */
const END_LIMITS: NotifyLimits = { tries: 3, tryMs: 10_000, totalMs: 30_000 };

/**
 * Tells the health-check service that the job starts; webhook and command hear of ends only. Start the work at once and
 * await this before `notifyEnd`. Never rejects, and takes 10 s at most.
 */
export async function notifyStart(
  job: Pick<Job, 'name' | 'notify'>,
  { trigger, reason }: JobTrigger,
  options: NotifyOptions,
): Promise<readonly NotificationFailure[]> {
  const { ping } = job.notify;
  if (ping === null) return [];
  const scrub = options.scrub ?? scrubNothing;
  const why = reason === '' ? '' : `, ${reason}`;
  const text = printable(scrub(`${job.name} starts (${trigger}${why})`), 500);
  const failure = await tell('ping', 'start', options, () =>
    sendPing(ping, { event: 'start', text }, deliveryOf(START_LIMITS, options)),
  );
  return failure === null ? [] : [failure];
}

/**
 * Tells how a run of the job ended, on all channels of the job at the same time. Answers with what could not be
 * delivered, in the order ping, webhook, command. Never rejects, and takes 30 s at most.
 */
export async function notifyEnd(
  job: Pick<Job, 'file' | 'notify'>,
  end: JobEnd,
  options: NotifyOptions,
): Promise<readonly NotificationFailure[]> {
  const { ping, webhook, command } = job.notify;
  const scrub = options.scrub ?? scrubNothing;
  const event = eventOf(end);
  const delivery = deliveryOf(END_LIMITS, options);
  const id = `msg_${randomUUID()}`;
  const body = (): string => scrub(notifyBody(notifyPayload(end, id)));
  const told = await Promise.all([
    ping === null
      ? null
      : tell('ping', event, options, () => sendPing(ping, { event, text: scrub(pingText(end)) }, delivery)),
    webhook === null
      ? null
      : tell('webhook', event, options, () => sendWebhook(webhook, { id, body: body() }, delivery)),
    command === null
      ? null
      : tell('command', event, options, () => {
          const { environment } = options;
          const input = `${body()}\n`;
          return runNotifyCommand({ argv: command, folder: dirname(job.file), environment, input }, delivery);
        }),
  ]);
  return told.filter((failure) => failure !== null);
}

/** The exit code and the one-line reason. */
function pingText(end: JobEnd): string {
  return `exit ${String(end.exitCode)}: ${endLine(end)}`;
}

async function tell(
  channel: NotificationFailure['channel'],
  event: NotificationFailure['event'],
  { scrub = scrubNothing }: NotifyOptions,
  send: () => Promise<string | null>,
): Promise<NotificationFailure | null> {
  const problem = await problemOf(send);
  return problem === null ? null : { channel, event, problem: printable(scrub(problem)) };
}

async function problemOf(send: () => Promise<string | null>): Promise<string | null> {
  try {
    return await send();
  } catch (thrown) {
    return sentenceFor(thrown);
  }
}

function deliveryOf(limits: NotifyLimits, options: NotifyOptions): Delivery {
  return {
    limits: { ...limits, ...options.limits },
    clock: options.clock ?? systemClock,
    random: options.random ?? Math.random,
    signal: options.signal,
  };
}
