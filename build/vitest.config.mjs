import { defineConfig } from 'vitest/config';
import { ROOT } from './paths.mjs';

export default defineConfig({
  root: ROOT,
  test: {
    include: ['test/**/*.test.ts'],
    exclude: ['test/e2e/**', 'node_modules/**'],
    environment: 'node',
    pool: 'forks',
    maxWorkers: 2,
    // Two busy cores: a slow machine is not a failing test.
    testTimeout: 30_000,
    hookTimeout: 60_000,
    passWithNoTests: true,
  },
});
