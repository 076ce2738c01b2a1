// The official `spacetime` command in place of our generator, for whoever has it installed.

import { spawn } from 'node:child_process';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { CommandError } from '../command.ts';
import { type GeneratedFiles } from './generate.ts';
import { type BindingOptions } from './module-view.ts';
import { readTree } from './output-folder.ts';

const PATIENCE_MS = 120_000;

/** What `spacetime generate` writes for a bundle. Throws `CommandError` when the command is missing or fails. */
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
  // Not spawn's own time limit: its timer stays behind when there is no such program.
  const impatience = setTimeout(() => child.kill(), PATIENCE_MS);
  let said = '';
  for (const stream of [child.stdout, child.stderr])
    stream.setEncoding('utf8').on('data', (text: string) => (said += text));
  const ended = await new Promise<Error | number | null>(resolve => {
    child.once('error', resolve);
    child.once('close', resolve);
  });
  clearTimeout(impatience);
  if (ended === 0) return;
  if (ended instanceof Error) {
    throw new CommandError(
      `The ${program} command is not on the path; install it, or leave out --use-spacetime to generate without it.`,
      1,
      { cause: ended },
    );
  }
  throw new CommandError(`"${program} ${args[0]}" failed: ${said.trim() || `it ended with ${ended ?? 'a signal'}`}`);
}
