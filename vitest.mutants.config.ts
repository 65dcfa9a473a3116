import { defineConfig } from 'vitest/config';

/**
 * The tests that `npm run check:mutation` runs: those of the mutated files alone, so what only a test of the whole program
 * notices counts as not noticed. Stryker's own `testFiles` would let every mutant of a module's constants survive
 * (stryker-js issue 6209).
 */
export default defineConfig({
  test: {
    // As in vitest.config.ts: a test that is only slow has noticed nothing.
    testTimeout: 60_000,
    include: [
      'test/{approval,ids}.test.ts',
      'test/tavus/{answer-body,classify-answer,dates,deletion-url,retry-after}.test.ts',
      'test/execute/{adaptive-rate,rate-limiter,send-log}.test.ts',
    ],
  },
});
