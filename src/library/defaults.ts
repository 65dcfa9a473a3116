import { PurgeError } from '../errors.ts';
import { given } from '../given.ts';
import type { ExecutionSettings, Guards } from '../types.ts';

export const DEFAULT_BASE_URL = 'https://tavusapi.com';

export const DEFAULT_SETTINGS: ExecutionSettings = {
  rate: { count: 5, windowMs: 1_000 },
  concurrency: 4,
  attempts: 4,
  timeoutMs: 15_000,
  maxDurationMs: null,
  allowNotFound: false,
};

export const DEFAULT_GUARDS: Guards = { maxDeletions: 1_000, maxHard: 100 };

export const DEFAULT_PLAN_MAX_AGE_MS: number = 24 * 60 * 60_000;

/** `base` with `changes`. Throws a `usage` PurgeError for a number that is none: a limit that is NaN would limit nothing. */
export function settingsOf(
  base: ExecutionSettings,
  changes: Partial<ExecutionSettings> = {},
): ExecutionSettings {
  const settings: ExecutionSettings = { ...base, ...given(changes) };
  const { rate, concurrency, attempts, timeoutMs, maxDurationMs } = settings;
  const numbers = {
    'rate.count': rate.count,
    'rate.windowMs': rate.windowMs,
    concurrency,
    attempts,
    timeoutMs,
  };
  for (const [name, value] of Object.entries({ ...numbers, maxDurationMs: maxDurationMs ?? 1 })) {
    if (Number.isSafeInteger(value) && value > 0) continue;
    throw new PurgeError('usage', `The setting ${name} must be a whole number above 0.`, {
      next: 'correct it',
    });
  }
  return settings;
}
