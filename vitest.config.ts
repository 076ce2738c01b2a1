import { rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { defineConfig } from 'vitest/config';

/** In place of the user's own folder: no test touches what the user keeps. */
const home = join(tmpdir(), `agora-test-${process.pid}`);
process.on('exit', () => rmSync(home, { recursive: true, force: true }));

export default defineConfig({
  test: {
    include: [
      '{module,client,host,hub,codegen,mcp,dashboard,cli,testing,scripts,bench,demo,soak}/src/**/*.test.ts',
      'tests/src/**/*.test.ts',
    ],
    testTimeout: 20_000,
    hookTimeout: 60_000,
    // What is waited for comes; how soon depends on what else the machine does.
    expect: { poll: { timeout: 10_000 } },
    env: { AGORA_HOME: home, AGORA_TOKEN: '' },
  },
});
