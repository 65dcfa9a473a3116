import type { PurgeEvent } from '../ports.ts';
import type { Outcome } from '../types.ts';
import type { Log } from './logging.ts';
import { progressLine, type ProgressFacts } from './progress-line.ts';
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

/** Follows a run: one line in place on a terminal, else a log line every 30 s. */
export class Progress {
  readonly #options: ProgressOptions;
  readonly #counts = new Map<Outcome, number>();
  #planned = 0;
  #earlier = 0;
  #done = 0;
  /** When the last result came. */
  #lastAt = 0;
  /** How many were done at some of the moments at which a result came. */
  #marks: { readonly at: number; readonly done: number }[] = [];
  #pausedUntil = 0;
  #timer: NodeJS.Timeout | undefined;

  constructor(options: ProgressOptions) {
    this.#options = options;
  }

  follow(event: PurgeEvent): void {
    if (event.type === 'attempt') return;
    const now = this.#options.monotonic();
    if (event.type === 'started') {
      this.#planned = event.planned;
      this.#earlier = event.planned - event.pending;
      this.#done = this.#earlier;
      this.#marks = [];
      this.#start();
    } else if (event.type === 'outcome') {
      this.#done += 1;
      this.#lastAt = now;
      this.#counts.set(event.outcome, (this.#counts.get(event.outcome) ?? 0) + 1);
      if (this.#marks.length === 0) this.#marks.push({ at: now, done: this.#done });
    } else if (event.type === 'paused') {
      this.#pausedUntil = now + event.ms;
    } else if (event.type === 'finished') {
      this.stop();
    }
  }

  facts(): ProgressFacts {
    const now = this.#options.monotonic();
    const perSecond = this.#rate(now);
    const left = this.#planned - this.#done;
    return {
      planned: this.#planned,
      done: this.#done,
      earlier: this.#earlier,
      counts: this.#counts,
      perSecond,
      pausedMs: Math.max(0, this.#pausedUntil - now),
      etaMs: perSecond === null ? null : (left * 1000) / perSecond,
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
          terminal.showStatus(progressLine(this.facts(), terminal.columns - 1));
        }
      : () => {
          const facts = this.facts();
          log.info(`progress: ${progressLine(facts)}`, logFields(facts));
        };
    this.#timer = setInterval(tick, terminal.stderrIsTerminal ? REDRAW_MS : LOG_MS);
    // The run decides how long the process lives, not its display.
    this.#timer.unref();
  }

  /** From one result to another: ten results are nine intervals, and counted as ten would seem too fast. */
  #rate(now: number): number | null {
    const marks = this.#marks;
    const last = marks.at(-1);
    if (last === undefined) return null;
    if (last.done !== this.#done) marks.push({ at: this.#lastAt, done: this.#done });
    while (marks.length > 2 && now - (marks[1]?.at ?? now) >= RATE_WINDOW_MS) marks.shift();
    const first = marks[0] ?? last;
    const done = this.#done - first.done;
    return done > 0 && now > first.at ? (done * 1000) / (now - first.at) : null;
  }
}

function logFields(facts: ProgressFacts): Record<string, number | null> {
  return {
    planned: facts.planned,
    done: facts.done,
    earlier: facts.earlier,
    ...Object.fromEntries(facts.counts),
    perSecond: facts.perSecond === null ? null : Math.round(facts.perSecond * 10) / 10,
    pausedMs: Math.round(facts.pausedMs),
    etaMs: facts.etaMs === null ? null : Math.round(facts.etaMs),
  };
}
