import type { PurgeEvent } from '../ports.ts';
import { formatDuration } from '../durations.ts';
import { FINE_OUTCOMES } from '../library/fine-outcomes.ts';
import type { RunEnd } from '../library.ts';
import type { Log } from './logging.ts';
import { formatCount, inWords } from '../numbers.ts';
import { formatRate } from '../rates.ts';

/**
 * Writes what happens during a run into its log: what a person should know as info or warn, the rest as debug. The
 * message says it in words; the fields are for machines.
 */
export function logEvent(log: Log, event: PurgeEvent): void {
  switch (event.type) {
    case 'started': {
      const { runId, planned, pending, settings } = event;
      const rate = formatRate(settings.rate);
      const already = planned === pending ? '' : ` of ${formatCount(planned)}`;
      log.info(`run started: ${formatCount(pending)}${already} deletions to do, at most ${rate}`, {
        run: runId,
        planned,
        pending,
        rate,
        concurrency: settings.concurrency,
      });
      return;
    }
    case 'attempt': {
      if (!event.willRetry && !log.hasDebug) return;
      const { kind, id, mode, attempt, status, applied, detail } = event;
      const fields = { kind, id, mode, attempt, status, applied, detail };
      const answer = status === null ? detail : `${status} ${detail}`;
      if (event.willRetry) log.info(`${kind} ${id}: ${answer}; will be tried again`, fields);
      else log.debug(`${kind} ${id}: ${answer}`, fields);
      return;
    }
    case 'outcome': {
      if (FINE_OUTCOMES.has(event.outcome) && !log.hasDebug) return;
      const { kind, id, mode, outcome, detail, attempts } = event;
      const fields = { kind, id, mode, outcome, detail, attempts };
      const words = `${kind} ${id} ${inWords(outcome)}: ${detail}`;
      if (FINE_OUTCOMES.has(outcome)) log.debug(words, fields);
      else log.warn(words, fields);
      return;
    }
    case 'paused': {
      const why = event.reason === 'outage' ? 'the API does not answer properly' : 'the API asked for it';
      log.warn(`pause of ${formatDuration(event.ms)}: ${why}`, { reason: event.reason, ms: event.ms });
      return;
    }
    case 'rate':
      log.info(`rate is now ${event.perSecond}/s`, { perSecond: event.perSecond });
      return;
    case 'warning':
      log.warn(event.message);
      return;
    case 'stopping':
      log.warn(`stopping (${inWords(event.reason)}): ${event.detail}`, {
        reason: event.reason,
        detail: event.detail,
      });
      return;
    case 'events_dropped':
      log.warn('this log is slower than the run and misses events; the run itself misses nothing', {
        count: event.count,
      });
      return;
    case 'finished':
      // `logEnd` says it when the results are written: only then is the exit code known.
      return;
  }
}

/** The last line of a run's log. */
export function logEnd(log: Log, end: RunEnd): void {
  const { exitCode, stopReason, complete, planned, counts, requests, retries } = end.summary;
  const fields = { exitCode, reason: stopReason, complete, planned, ...counts, requests, retries };
  log.info(`run ended with exit code ${exitCode}`, fields);
}
