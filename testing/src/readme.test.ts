// The example of the README, run as written.

import { execFile } from 'node:child_process';
import { mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { expect, test } from 'vitest';

const PACKAGE = join(import.meta.dirname, '..');

test('the example passes as pasted', { timeout: 60_000 }, async () => {
  const text = readFileSync(join(PACKAGE, 'README.md'), 'utf8');
  const [, name = '', code = ''] = /```ts\n\/\/ (\S+)\n([\s\S]*?)```/.exec(text) ?? [];
  const folder = join(PACKAGE, `readme-example-${process.pid}`);
  mkdirSync(folder);
  try {
    writeFileSync(join(folder, name), code);
    const { stdout } = await promisify(execFile)(process.execPath, ['--test', name], { cwd: folder, timeout: 30_000 });
    expect(stdout).toContain('pass 2');
    expect(stdout).toContain('fail 0');
  } finally {
    rmSync(folder, { recursive: true });
  }
});
