/** One planted bug: a text of a source file that is replaced by another. It must occur exactly once. */
export interface Mutant {
  readonly name: string;
  readonly file: string;
  readonly from: string;
  readonly to: string;
  /** The second half of a bug that another check would hide. */
  readonly also?: Omit<Mutant, 'name' | 'caughtBy'>;
  /** The seed that first showed it, from 1 up. */
  readonly caughtBy: number;
}

const EXECUTE = 'execute/delete-one.ts';
const RECORD = 'execute/record-turn.ts';
const LIMITER = 'execute/rate-limiter.ts';
const CLASSIFY = 'tavus/classify-answer.ts';
const JOURNAL = 'store/run-journal.ts';

/**
 * Bugs that are easy to write, each planted into a copy of the sources. The simulator must find every one, or it is the
 * simulator that is broken. Whoever fixes a bug adds it here.
 *
 * One is left to a directed test, since 12,000 seeds did not show it: that a probe of the breaker whose intent is taken
 * back stays the probe, for which everybody then waits (test/execute/delete-one.test.ts). A late answer would have to
 * ask for a pause in the very moment in which the probe's intent becomes durable.
 */
export const MUTANTS: readonly Mutant[] = [
  // The four that the prototype's reference had (RELIABILITY.md 1.2).
  {
    name: 'an attempt without a recorded end counts as not applied',
    file: 'store/attempt-history.ts',
    from: "const mayBeApplied = endedAt === null || applied !== 'no';",
    to: "const mayBeApplied = endedAt !== null && applied !== 'no';",
    caughtBy: 1,
  },
  {
    name: 'only the last attempt counts as perhaps applied',
    file: 'store/attempt-history.ts',
    from: 'mayBeApplied: history.mayBeApplied || mayBeApplied,',
    to: 'mayBeApplied,',
    caughtBy: 30,
  },
  {
    name: 'an answer to a last attempt pauses nobody',
    file: EXECUTE,
    from: '  tellRun(turn, verdict, run);\n',
    to: "  if (turn.counted + 1 < run.attempts || verdict.next === 'final') tellRun(turn, verdict, run);\n",
    caughtBy: 25,
  },
  {
    name: 'who waits for admission is let through a pause',
    file: LIMITER,
    from: "    if (now < pausedUntil) return 'paused';\n",
    to: '',
    also: { file: EXECUTE, from: ' || limiter.pausedMs() > 0', to: '' },
    caughtBy: 58,
  },
  // M1, M2: the "maybe" is lost.
  {
    name: 'an unknown ID is not_found whatever came before',
    file: 'execute/settle-outcome.ts',
    from: "outcome === 'not_found' ? 'deleted_inferred' : 'unknown'",
    to: "outcome === 'not_found' ? 'not_found' : 'unknown'",
    caughtBy: 2,
  },
  {
    name: 'a "maybe" of the same life is forgotten at the next attempt',
    file: EXECUTE,
    from: "turn.history.mayBeApplied || verdict.applied !== 'no'",
    to: 'turn.history.mayBeApplied',
    caughtBy: 2,
  },
  {
    name: 'a refusal after a lost answer is rejected, not unknown',
    file: 'execute/settle-outcome.ts',
    from: "outcome === 'not_found' ? 'deleted_inferred' : 'unknown'",
    to: "outcome === 'not_found' ? 'deleted_inferred' : outcome",
    caughtBy: 16,
  },
  // M14: the intent comes too late.
  {
    name: 'nobody waits for the intent to be durable',
    file: EXECUTE,
    from: 'await journal.begin(row, attempt, run.clock.now());',
    to: 'void journal.begin(row, attempt, run.clock.now());',
    caughtBy: 1,
  },
  // M16: success is dropped when the run stops.
  {
    name: 'a success that arrives after the stop is left to resume',
    file: EXECUTE,
    from: "verdict.outcome === 'not_attempted' || (verdict.applied === 'maybe' && run.control.stopped !== null)",
    to: "verdict.outcome === 'not_attempted' || run.control.stopped !== null",
    caughtBy: 4,
  },
  {
    name: 'an attempt that was never sent is not taken back',
    file: EXECUTE,
    from: '    await journal.withdraw(row, attempt);\n',
    to: '',
    caughtBy: 9,
  },
  {
    name: 'what waited for its connection leaves although the run stopped or an outage began',
    file: EXECUTE,
    from: 'gate.wasClosed = isKeptBack(turn, pass, run);',
    to: 'gate.wasClosed = limiter.pausedMs() > 0;',
    caughtBy: 97,
  },
  {
    name: 'what was admitted leaves although a pause began meanwhile',
    file: EXECUTE,
    from: 'gate.wasClosed = isKeptBack(turn, pass, run);',
    to: 'gate.wasClosed = mustWait(pass, run);',
    caughtBy: 225,
  },
  {
    name: 'the rate counts a request when it is admitted, however much later it leaves',
    file: LIMITER,
    from: "    log.aboutToLeave();\n    return 'go';",
    to: "    log.aboutToLeave();\n    log.left(now);\n    return 'go';",
    also: { file: LIMITER, from: '      log.left(clock.monotonic());\n', to: '' },
    caughtBy: 31,
  },
  {
    name: 'while requests wait for their connections, more are admitted than a window may hold',
    file: 'execute/send-log.ts',
    from: '      if (before >= inShort) return Infinity;\n',
    to: '',
    caughtBy: 31,
  },
  {
    name: 'the next request leaves before the answer of the one before has its consequences',
    file: EXECUTE,
    from: "  if (verdict.next === 'final') conclude(turn, verdict, run);\n",
    to: "  if (verdict.next === 'final') void run.clock.sleep(5).then(() => conclude(turn, verdict, run));\n",
    caughtBy: 1059,
  },
  {
    name: 'a hold that came while a row waited for its place is not seen',
    file: EXECUTE,
    from: 'return holds.areUnreadable() || holds.find(deletion) !== undefined;',
    to: 'return holds.areUnreadable();',
    caughtBy: 1148,
  },
  {
    name: 'at full speed all rows under way are sent at once',
    file: 'execute/execute-plan.ts',
    from: 'inFlight: new Places(settings.concurrency)',
    to: 'inFlight: new Places(rowsUnderWay(settings))',
    caughtBy: 1,
  },
  {
    name: 'a stop while the intent becomes durable is not seen',
    file: EXECUTE,
    from: 'return control.stopped !== null || (pass',
    to: 'return (pass',
    caughtBy: 9,
  },
  {
    name: 'a pause is never announced to the others',
    file: EXECUTE,
    from: '    limiter.pause(retryAfterMs);\n',
    to: '',
    caughtBy: 2,
  },
  {
    name: 'a long Retry-After is waited out instead of ending the run',
    file: EXECUTE,
    from: 'if (retryAfterMs !== null && retryAfterMs > LONGEST_PAUSE_MS) {',
    to: 'if (retryAfterMs !== null && retryAfterMs > 1e12) {',
    caughtBy: 2,
  },
  {
    name: 'retries cost nothing',
    file: EXECUTE,
    from: 'if (!run.budget.take())',
    to: 'if (!run.budget.take() && run.attempts < 0)',
    caughtBy: 49,
  },
  {
    name: 'one attempt too many',
    file: EXECUTE,
    from: 'if (turn.counted >= run.attempts) return false;',
    to: 'if (turn.counted > run.attempts) return false;',
    caughtBy: 16,
  },
  {
    name: '429 answers are retried without an end',
    file: EXECUTE,
    from: 'if (turn.throttled > THROTTLED_PER_ID) return false;',
    to: 'if (turn.throttled > 2 * THROTTLED_PER_ID) return false;',
    caughtBy: 58,
  },
  {
    name: 'the retry budget starts anew in each life',
    file: 'execute/execute-plan.ts',
    from: 'alreadyCharged: journal.retriesCharged()',
    to: 'alreadyCharged: 0',
    caughtBy: 94,
  },
  {
    name: 'a resumed run does not wait out the window of the killed one',
    file: 'execute/execute-plan.ts',
    from: '      sentBefore: agesOfRecentRequests(journal, clock, settings.rate),\n',
    to: '',
    caughtBy: 16,
  },
  {
    name: 'a request counts as sent when its intent was recorded',
    file: JOURNAL,
    from: 'min(max(a.at, coalesce(b.at, o.finished_at, ?1)), ?1)',
    to: 'min(a.at, ?1)',
    caughtBy: 139,
  },
  {
    name: 'a pause is forgotten when the run ends',
    file: 'execute/execute-plan.ts',
    from: '  limiter.pause(ms);\n',
    to: '',
    caughtBy: 2,
  },
  {
    name: 'a pause that outlives the run ends up to a millisecond early',
    file: 'execute/execute-plan.ts',
    from: 'const ms = (notBefore ?? 0) - clock.now() + 1;',
    to: 'const ms = (notBefore ?? 0) - clock.now();',
    caughtBy: 52,
  },
  {
    name: 'the pause of a last attempt is forgotten when the run ends',
    file: RECORD,
    from: 'verdict?.retryAfterMs ?? null',
    to: 'null',
    caughtBy: 5349,
  },
  {
    name: 'the window holds one request more',
    file: 'execute/send-log.ts',
    from: 'sent.latest(rate.count - before)',
    to: 'sent.latest(rate.count - before + 1)',
    caughtBy: 16,
  },
  {
    name: 'rows with an outcome are pending again',
    file: JOURNAL,
    from: 'WHERE e.skip IS NULL AND o.row IS NULL AND e.row > ?`',
    to: 'WHERE e.skip IS NULL AND e.row > ?`',
    caughtBy: 1,
  },
  {
    name: 'skipped entries are carried out',
    file: JOURNAL,
    from: 'WHERE e.skip IS NULL AND o.row IS NULL AND e.row > ?`',
    to: 'WHERE o.row IS NULL AND e.row > ?`',
    caughtBy: 1,
  },
  {
    name: 'a failed write is noticed by nobody, and the next one is tried',
    file: 'store/commit-queue.ts',
    from: 'if (this.#failure !== null) return Promise.reject(this.#failure);',
    to: 'this.#failure = null;',
    also: {
      file: 'execute/tell-when-durable.ts',
      from: 'events.forEach(onEvent), onFailed)',
      to: 'events.forEach(onEvent), () => {})',
    },
    caughtBy: 12,
  },
  {
    name: 'a failed commit counts as done',
    file: 'store/commit-queue.ts',
    from: 'durable.reject(this.#failure);',
    to: 'durable.resolve();',
    caughtBy: 7,
  },
  {
    name: 'a soft row is deleted hard',
    file: 'tavus/deletion-url.ts',
    from: "mode === 'hard' ? '?hard=true' : ''",
    to: "mode === 'soft' ? '?hard=true' : ''",
    caughtBy: 1,
  },
  {
    name: 'replicas are looked for among the videos',
    file: 'tavus/deletion-url.ts',
    from: "['replica', '/v2/replicas/']",
    to: "['replica', '/v2/videos/']",
    caughtBy: 1,
  },
  {
    name: 'a refused key is a rejected row',
    file: CLASSIFY,
    from: "[401, neverAttempted('unauthorized')]",
    to: '[401, REJECTED]',
    caughtBy: 97,
  },
  {
    name: 'a page of a portal confirms a deletion',
    file: CLASSIFY,
    from: "  if (body.shape === 'other') return withoutProof(known, NOT_THE_API);\n",
    to: '',
    caughtBy: 6,
  },
  {
    name: 'a redirect is read like any other answer',
    file: CLASSIFY,
    from: 'const known = isRedirect(status) ? REDIRECTED : BY_STATUS.get(status);',
    to: 'const known = BY_STATUS.get(status);',
    caughtBy: 48,
  },
  {
    name: 'a lost answer proves that nothing was done',
    file: CLASSIFY,
    from: "kind === 'sent' ? ([UNANSWERED, 'sent, no answer'] as const)",
    to: "kind === 'sent' ? ([UNREACHED, 'sent, no answer'] as const)",
    caughtBy: 2,
  },
  {
    name: 'a 5xx proves that nothing was done',
    file: CLASSIFY,
    from: 'if (status >= 500) return known ?? UNANSWERED;',
    to: 'if (status >= 500) return known ?? UNREACHED;',
    caughtBy: 4,
  },
  {
    name: 'a 202 confirms a deletion',
    file: CLASSIFY,
    from: 'status === 202 || reportsError(body)',
    to: 'reportsError(body)',
    caughtBy: 40,
  },
  {
    name: 'the key is not taken out of what the API says',
    file: 'tavus/answer-body.ts',
    from: 'printable(scrub(text), DETAIL_LIMIT)',
    to: 'printable(text, DETAIL_LIMIT)',
    caughtBy: 4,
  },
  {
    name: 'a Retry-After is read as milliseconds',
    file: 'tavus/retry-after.ts',
    from: 'if (SECONDS.test(value)) return Number(value) * 1000;',
    to: 'if (SECONDS.test(value)) return Number(value);',
    caughtBy: 2,
  },
  {
    name: 'a Retry-After date is judged by our clock',
    file: 'tavus/retry-after.ts',
    from: 'const from = readHttpDate(textOf(date)) ?? now;',
    to: 'const from = now;',
    caughtBy: 30,
  },
  {
    name: 'a large Retry-After overflows to nothing',
    file: 'tavus/retry-after.ts',
    from: 'if (SECONDS.test(value)) return Number(value) * 1000;',
    to: 'if (SECONDS.test(value)) return (Number(value) * 1000) | 0;',
    caughtBy: 2,
  },
  {
    name: 'the breaker never opens',
    file: 'execute/breaker.ts',
    from: '(failedInARow >= IN_A_ROW && fromEnough) || tooMany',
    to: 'failedInARow >= 1_000',
    caughtBy: 25,
  },
  {
    name: 'unknown IDs never stop the run',
    file: 'execute/stop-rules.ts',
    from: "return early || notFound >= SURGE_LATER.notFound ? 'not_found_surge' : null;",
    to: 'return null;',
    caughtBy: 4,
  },
  {
    name: 'the second portal page in a row is one too few',
    file: 'execute/stop-rules.ts',
    from: 'const NOT_THE_API_IN_A_ROW = 2;',
    to: 'const NOT_THE_API_IN_A_ROW = 3;',
    caughtBy: 6,
  },
  {
    name: 'a hold file is read once',
    file: 'execute/fresh-holds.ts',
    from: 'clock.monotonic() - freshAt > HOLDS_FRESH_MS',
    to: 'clock.monotonic() - freshAt > 1e9',
    caughtBy: 33,
  },
  {
    name: 'an open row is not_attempted whatever was sent',
    file: 'report/result-row.ts',
    from: "final?.outcome ?? (history.mayBeApplied ? 'unknown' : 'not_attempted')",
    to: "final?.outcome ?? 'not_attempted'",
    caughtBy: 1,
  },
  {
    name: 'an interrupted run says that it is done',
    file: 'report/summary.ts',
    from: 'const ofRun = run.complete ? EXIT_CODES.ok : EXIT_CODES.interrupted;',
    to: 'const ofRun = EXIT_CODES.ok;',
    caughtBy: 1,
  },
  {
    name: 'of duplicates none is planned',
    file: 'store/plan-draft.ts',
    from: 'IN (SELECT row FROM repeated)',
    to: 'IN (SELECT row FROM repeated UNION SELECT first FROM repeated)',
    caughtBy: 2,
  },
];
