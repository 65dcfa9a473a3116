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
      // Types only, and what runs in child processes, which v8's coverage does not follow.
      exclude: ['src/ports.ts', 'src/types.ts', 'src/cli/**', 'src/sandbox/start-sandbox.ts'],
      reporter: ['text-summary', 'lcov'],
    },
  },
});
