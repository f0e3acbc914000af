import { defineConfig } from 'vitest/config';

export default defineConfig({
  test: {
    include: ['test/**/*.test.ts'],
    // Real sockets, real child processes, two cores: a file at a time for each worker, with patience.
    pool: 'forks',
    maxWorkers: 2,
    // Generous: nothing here asserts a time, and a busy machine is no failure.
    testTimeout: 180_000,
    hookTimeout: 120_000,
  },
});
