// Bindings from the installed `spacetime` command in place of the built-in generator.

import { spawn } from 'node:child_process';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type GeneratedFiles } from './bindings/generate-bindings.ts';
import { type BindingOptions } from './bindings/module-view.ts';
import { CodegenError } from './codegen-error.ts';
import { readTree } from './output-folder.ts';

const TIMEOUT_MS = 120_000;

/** Returns the files that `spacetime generate` writes for a bundle. Throws `spacetime/not-found` or `spacetime/failed`. */
export async function generateWithSpacetime(
  bundle: string,
  { includePrivate }: BindingOptions,
): Promise<GeneratedFiles> {
  const folder = await mkdtemp(join(tmpdir(), 'bindings-'));
  try {
    const flags = ['--lang', 'typescript', '--js-path', bundle, '--out-dir', folder, '--yes', '--no-config'];
    await run('spacetime', ['generate', ...flags, ...(includePrivate ? ['--include-private'] : [])]);
    return await readTree(folder);
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

async function run(program: string, args: readonly string[]): Promise<void> {
  const child = spawn(program, args, { stdio: ['ignore', 'pipe', 'pipe'] });
  // Not the `timeout` of spawn: its timer keeps running if the program does not exist.
  const timer = setTimeout(() => child.kill(), TIMEOUT_MS);
  let output = '';
  for (const stream of [child.stdout, child.stderr])
    stream.setEncoding('utf8').on('data', (text: string) => (output += text));
  const ended = await new Promise<Error | number | null>(resolve => {
    child.once('error', resolve);
    child.once('close', resolve);
  });
  clearTimeout(timer);
  if (ended === 0) return;
  if (ended instanceof Error) {
    const sentence = `The ${program} command is not on the path; install it, or leave out --use-spacetime.`;
    throw new CodegenError('spacetime/not-found', sentence, { cause: ended });
  }
  const reason = output.trim() || `it ended with ${ended ?? 'a signal'}`;
  throw new CodegenError('spacetime/failed', `"${program} ${args[0]}" failed: ${reason}`);
}
