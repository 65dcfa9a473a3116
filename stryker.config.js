/**
 * `npm run check:mutation`: changes the code that decides about deletions in every small way, one at a time, and fails when
 * the tests of that code do not notice. CONTRIBUTING.md says how to read the result.
 */
export default {
  mutate: [
    'src/{approval,ids}.ts',
    'src/tavus/{answer-body,classify-answer,dates,deletion-url,retry-after}.ts',
    'src/execute/{adaptive-rate,alarm,rate-limiter,send-log}.ts',
  ],
  testRunner: 'vitest',
  vitest: { configFile: 'vitest.mutants.config.ts' },
  // Stryker reads tsconfig.json through an API that TypeScript 7 does not have. A file that is not there keeps it from that.
  tsconfigFile: 'none.json',
  concurrency: 2,
  // A busy machine must not be taken for a mutant that hangs, which counts as noticed.
  timeoutMS: 10_000,
  reporters: ['clear-text', 'json'],
  thresholds: { high: 100, low: 100, break: 100 },
};
