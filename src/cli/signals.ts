const SIGNALS = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const;

/** The operator's wish to end, as two abort signals. */
export interface StopSignals {
  /** Aborted by the first signal: no new request, what is in flight finishes. */
  readonly stop: AbortSignal;
  /** Aborted by the second: what is in flight is given up. */
  readonly force: AbortSignal;
  /** Ends as the first signal does, for another reason. */
  readonly end: () => void;
  /** Explains no more signals: for a job whose end is one line, and nothing else. */
  readonly hush: () => void;
}

/** Listens to SIGINT, SIGTERM and SIGHUP from now on; `say` explains to the operator what the signal does. */
export function listenToSignals(say: (text: string) => void): StopSignals {
  const stop = new AbortController();
  const force = new AbortController();
  let explain = say;
  for (const name of SIGNALS) {
    process.on(name, () => {
      if (stop.signal.aborted) {
        if (!force.signal.aborted) explain(`${name} again: giving up what is in flight.`);
        force.abort();
        return;
      }
      explain(`${name}: ending cleanly; a second one gives up what is in flight.`);
      stop.abort();
    });
  }
  return {
    stop: stop.signal,
    force: force.signal,
    end() {
      stop.abort();
    },
    hush() {
      explain = () => {};
    },
  };
}
