import { defineConfig } from 'vitest/config';

// Tests run on the sources: the condition below makes the packages' `exports` point at them.
export default defineConfig({
  resolve: { conditions: ['martlet-source'] },
  ssr: { resolve: { conditions: ['martlet-source'], externalConditions: ['martlet-source'] } },
  test: {
    include: ['packages/*/test/**/*.test.ts', 'test/**/*.test.ts'],
    testTimeout: 60_000,
  },
});
