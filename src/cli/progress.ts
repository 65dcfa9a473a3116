import type { PurgeEvent } from '../ports.ts';
import { OUTCOMES, type Outcome } from '../types.ts';
import { formatDuration } from './durations.ts';
import type { Log } from './logging.ts';
import { formatCount, inWords } from './numbers.ts';
import type { Terminal } from './terminal.ts';

const REDRAW_MS = 100;
const LOG_MS = 30_000;
/** The rate shown is that of the last so many milliseconds. */
const RATE_WINDOW_MS = 20_000;

export interface ProgressOptions {
  readonly terminal: Terminal;
  readonly log: Log;
  /** Nothing is drawn and nothing logged at intervals. */
  readonly isOff: boolean;
  /** Monotonic milliseconds. */
  readonly monotonic: () => number;
}

/** What is known of a run under way, to be drawn or logged. */
export interface ProgressFacts {
  readonly planned: number;
  readonly done: number;
  readonly counts: ReadonlyMap<Outcome, number>;
  readonly perSecond: number;
  readonly pausedMs: number;
  readonly etaMs: number | null;
}

/** Follows a run: one line in place on a terminal, else a log line every 30 s. */
export class Progress {
  readonly #options: ProgressOptions;
  readonly #counts = new Map<Outcome, number>();
  #planned = 0;
  #done = 0;
  #marks: { readonly at: number; readonly done: number }[] = [];
  #pausedUntil = 0;
  #timer: NodeJS.Timeout | undefined;

  constructor(options: ProgressOptions) {
    this.#options = options;
  }

  follow(event: PurgeEvent): void {
    const now = this.#options.monotonic();
    if (event.type === 'started') {
      this.#planned = event.planned;
      this.#done = event.planned - event.pending;
      this.#marks = [{ at: now, done: this.#done }];
      this.#start();
    } else if (event.type === 'outcome') {
      this.#done += 1;
      this.#counts.set(event.outcome, (this.#counts.get(event.outcome) ?? 0) + 1);
    } else if (event.type === 'paused') {
      this.#pausedUntil = now + event.ms;
    } else if (event.type === 'finished') {
      this.stop();
    }
  }

  facts(): ProgressFacts {
    const now = this.#options.monotonic();
    this.#marks.push({ at: now, done: this.#done });
    while (this.#marks.length > 2 && now - (this.#marks[1]?.at ?? now) >= RATE_WINDOW_MS) this.#marks.shift();
    const first = this.#marks[0] ?? { at: now, done: this.#done };
    const perSecond = now > first.at ? ((this.#done - first.done) * 1000) / (now - first.at) : 0;
    const left = this.#planned - this.#done;
    return {
      planned: this.#planned,
      done: this.#done,
      counts: this.#counts,
      perSecond,
      pausedMs: Math.max(0, this.#pausedUntil - now),
      etaMs: perSecond > 0 ? (left * 1000) / perSecond : null,
    };
  }

  stop(): void {
    clearInterval(this.#timer);
    this.#timer = undefined;
    this.#options.terminal.showStatus('');
  }

  #start(): void {
    const { terminal, log, isOff } = this.#options;
    if (isOff || this.#timer !== undefined) return;
    const tick = terminal.stderrIsTerminal
      ? () => {
          terminal.showStatus(progressLine(this.facts()).slice(0, Math.max(20, terminal.columns - 1)));
        }
      : () => {
          const facts = this.facts();
          log.info(`progress: ${progressLine(facts)}`, logFields(facts));
        };
    this.#timer = setInterval(tick, terminal.stderrIsTerminal ? REDRAW_MS : LOG_MS);
    // The run decides how long the process lives, not its display.
    this.#timer.unref();
  }
}

/** `412/1,240  33 %  deleted 400  not found 12  4.9/s  paused 12s  ETA 2m 50s`. */
export function progressLine(facts: ProgressFacts): string {
  const share = facts.planned === 0 ? 100 : Math.floor((100 * facts.done) / facts.planned);
  const counts = OUTCOMES.flatMap((outcome) => {
    const count = facts.counts.get(outcome) ?? 0;
    return count === 0 ? [] : [`${inWords(outcome)} ${formatCount(count)}`];
  });
  return [
    `${formatCount(facts.done)}/${formatCount(facts.planned)}`,
    `${share} %`,
    ...counts,
    `${facts.perSecond.toFixed(1)}/s`,
    ...(facts.pausedMs > 0 ? [`paused ${formatDuration(facts.pausedMs)}`] : []),
    ...(facts.etaMs === null ? [] : [`ETA ${formatDuration(facts.etaMs)}`]),
  ].join('  ');
}

function logFields(facts: ProgressFacts): Record<string, number | null> {
  return {
    planned: facts.planned,
    done: facts.done,
    ...Object.fromEntries(facts.counts),
    perSecond: Math.round(facts.perSecond * 10) / 10,
    pausedMs: Math.round(facts.pausedMs),
    etaMs: facts.etaMs === null ? null : Math.round(facts.etaMs),
  };
}
