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
