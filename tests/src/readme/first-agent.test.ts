// The README's first agent, run like a reader runs it: pasted into a file beside the README.

import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { startHub } from '@agora/hub';
import { expect, test } from 'vitest';

const ROOT = fileURLToPath(new URL('../../../', import.meta.url));
const USUAL = 'http://127.0.0.1:3000';

/** The first code block under a heading of the README. */
function codeUnder(heading: string): string {
  const text = readFileSync(join(ROOT, 'README.md'), 'utf8');
  const section = text.slice(text.indexOf(`\n## ${heading}\n`));
  const code = /```ts\n([\s\S]*?)```/.exec(section)?.[1];
  if (code === undefined) throw new Error(`the README has no code under "${heading}"`);
  return code;
}

test('works as pasted, also a second time', { timeout: 60_000 }, async () => {
  const code = codeUnder('A first agent');
  expect(code).toContain(USUAL);
  const hub = await startHub();
  // Only the port differs from the README: another hub may run on the usual one.
  const file = join(ROOT, `first-agent-${process.pid}.ts`);
  writeFileSync(file, code.replaceAll(USUAL, hub.url));
  try {
    for (let run = 0; run < 2; run++) {
      const child = spawn(process.execPath, [file], { stdio: ['ignore', 'pipe', 'inherit'], timeout: 20_000 });
      let output = '';
      child.stdout.setEncoding('utf8').on('data', (text: string) => (output += text));
      const [exitCode] = (await once(child, 'close')) as unknown[];
      expect(output).toBe("{ text: 'Hello, Visitor!' }\n");
      expect(exitCode).toBe(0);
    }
  } finally {
    rmSync(file, { force: true });
    await hub.close();
  }
});
