import { defineConfig } from 'vitest/config';

// Tests run on the sources: the condition below makes the packages' `exports` point at them.
export default defineConfig({
  resolve: { conditions: ['martlet-source'] },
  ssr: { resolve: { conditions: ['martlet-source'], externalConditions: ['martlet-source'] } },
  test: {
    include: ['packages/*/test/**/*.test.ts', 'test/**/*.test.ts', 'examples/**/*.test.ts'],
    // A process per test file: a test that breaks its process breaks no other. Two, because the smallest machine
    // that this must pass on has two cores, and tests that start servers share them.
    pool: 'forks',
    maxWorkers: 2,
    testTimeout: 60_000,
    hookTimeout: 60_000,
  },
});
