import type { PurgeEvent } from '../ports.ts';
import { formatDuration } from './durations.ts';
import type { RunEnd } from '../library.ts';
import type { Log } from './logging.ts';
import { inWords } from './numbers.ts';
import { formatRate } from './rates.ts';

const FINE: ReadonlySet<string> = new Set(['deleted', 'deleted_inferred', 'held']);

/** Writes what happens during a run into its log: what a person should know as info or warn, the rest as debug. */
export function logEvent(log: Log, event: PurgeEvent): void {
  switch (event.type) {
    case 'started':
      log.info('run started', {
        run: event.runId,
        planned: event.planned,
        pending: event.pending,
        rate: formatRate(event.settings.rate),
        concurrency: event.settings.concurrency,
      });
      return;
    case 'attempt': {
      const { kind, id, mode, attempt, status, applied, detail } = event;
      const fields = { kind, id, mode, attempt, status, applied, detail };
      if (event.willRetry) log.info('attempt failed, will be repeated', fields);
      else log.debug('attempt', fields);
      return;
    }
    case 'outcome': {
      const { kind, id, mode, outcome, detail, attempts } = event;
      const fields = { kind, id, mode, outcome, detail, attempts };
      if (FINE.has(outcome)) log.debug('outcome', fields);
      else log.warn('outcome', fields);
      return;
    }
    case 'paused':
      log.warn(`pause of ${formatDuration(event.ms)}`, { reason: inWords(event.reason) });
      return;
    case 'rate':
      log.info('rate changed', { perSecond: event.perSecond });
      return;
    case 'warning':
      log.warn(event.message);
      return;
    case 'stopping':
      log.warn('stopping: no new request, what is in flight finishes', {
        reason: inWords(event.reason),
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
  log.info('run ended', { exitCode, reason: stopReason, complete, planned, ...counts, requests, retries });
}
