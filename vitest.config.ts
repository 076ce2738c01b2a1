import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { defineConfig } from 'vitest/config';

export default defineConfig({
  test: {
    include: ['{module,client,host,testing,scripts,bench,demo,soak}/src/**/*.test.ts', 'tests/src/**/*.test.ts'],
    testTimeout: 20_000,
    hookTimeout: 60_000,
    // What is waited for comes; how soon depends on what else the machine does.
    expect: { poll: { timeout: 10_000 } },
    // No test touches what the user keeps.
    env: { AGORA_HOME: join(tmpdir(), `agora-test-${process.pid}`), AGORA_TOKEN: '' },
  },
});
