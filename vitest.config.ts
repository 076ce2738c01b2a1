import { defineConfig } from 'vitest/config';

export default defineConfig({
  test: {
    include: ['{module,client,host,testing,scripts,bench,demo,soak}/src/**/*.test.ts', 'tests/src/**/*.test.ts'],
    testTimeout: 20_000,
    hookTimeout: 60_000,
  },
});
