// The example of the README, run as a reader would: two files in one folder.

import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';

const HOST = join(import.meta.dirname, '../..');

test('the example works as pasted, and its test has ten lines', { timeout: 60_000 }, async () => {
  const text = readFileSync(join(HOST, 'README.md'), 'utf8');
  const blocks = Array.from(text.matchAll(/```ts\n\/\/ (\S+)\n([\s\S]*?)```/g), ([, name = '', code = '']) => ({
    name,
    code,
  }));
  expect(blocks.map(({ name }) => name)).toEqual(['todo.ts', 'todo.test.ts']);
  const body =
    /test\([\s\S]*/
      .exec(blocks[1]?.code ?? '')?.[0]
      .trim()
      .split('\n') ?? [];
  expect(body.length).toBeLessThanOrEqual(10);

  const folder = join(HOST, `readme-example-${process.pid}`);
  mkdirSync(folder);
  try {
    for (const { name, code } of blocks) writeFileSync(join(folder, name), code);
    const child = spawn(process.execPath, ['--test', 'todo.test.ts'], { cwd: folder, timeout: 30_000 });
    let output = '';
    child.stdout.setEncoding('utf8').on('data', (part: string) => (output += part));
    await once(child, 'close');
    expect(output).toContain('pass 1');
    expect(output).toContain('fail 0');
  } finally {
    rmSync(folder, { recursive: true });
  }
});
