import { defineConfig } from 'vitest/config';

export default defineConfig({
  test: {
    include: ['test/**/*.test.ts'],
    pool: 'forks',
    // Many tests wait for processes and timers: one file more than there are cores keeps them busy.
    maxWorkers: 3,
    // Tests start real processes on machines that may be busy; a hang is what this is for.
    testTimeout: 60_000,
    hookTimeout: 60_000,
    coverage: {
      provider: 'v8',
      include: ['src/**/*.ts'],
      // Types only, and what runs in child processes. Those can be measured, too, by hand, with what Node itself runs:
      // --coverage.autoAttachSubprocess --experimental.viteModuleRunner=false --coverage.exclude='src/{ports,types}.ts'
      // But a process that is killed, as many are here, leaves half of its figures, on which the whole run then fails.
      exclude: ['src/ports.ts', 'src/types.ts', 'src/cli/**', 'src/sandbox/start-sandbox.ts'],
      reporter: ['text-summary', 'lcov'],
      thresholds: {
        statements: 95,
        lines: 95,
        functions: 95,
        branches: 95,
        // What decides whether something is deleted, and what is said about it.
        'src/{approval,ids}.ts': { branches: 100 },
        'src/tavus/{answer-body,classify-answer,deletion-url,retry-after}.ts': { branches: 100 },
        'src/execute/{adaptive-rate,breaker,rate-limiter,send-log,settle-outcome,stop-rules}.ts': {
          branches: 100,
        },
      },
    },
  },
});
