// `agora claim guard`: refuses a commit that touches paths that other agents claim. Runs as the pre-commit hook of Git.

import { chmod, mkdir, readFile, writeFile } from 'node:fs/promises';
import { dirname, resolve } from 'node:path';
import type { ClaimInfo } from '@agora/client';
import { LIMITS } from '@agora/module/contract';
import { claimPath, git, repositoryOf, shownPath, type Repository } from '@agora/mcp/hook';
import { z } from 'zod';
import { CliError, EXIT, hasCode } from '../../base/cli-error.ts';
import type { CommandContext } from '../../command/command-context.ts';
import { defineCommand } from '../../command/command.ts';
import { claimantOf } from './claimant.ts';

const LINE = 'agora claim guard || exit 1';
const NO_HUB = ['connection/refused', 'connection/failed', 'connection/no-database', 'call/timed-out'] as const;

/** A staged path, and a claim of another agent on it. */
interface Conflict {
  readonly path: string;
  readonly claim: ClaimInfo;
}

export default defineCommand({
  input: z.object({ install: z.boolean().default(false), strict: z.boolean().default(false) }),
  async run(context, { install, strict }) {
    const { output, io } = context;
    const repository = await repositoryOf(io.cwd);
    if (!repository) throw new CliError('cli/usage', `${io.cwd} is in no Git repository.`, EXIT.usage);
    if (install) return installHook(context, repository);
    const staged = await git(repository.root, 'diff', '--cached', '--name-only', '--no-renames', '-z');
    const paths = (staged ?? '').split('\0').filter(path => path !== '');
    if (paths.length === 0) return;
    let conflicts: readonly Conflict[];
    try {
      conflicts = await findConflicts(context, repository, paths);
    } catch (error) {
      if (strict || !NO_HUB.some(code => hasCode(error, code))) throw error;
      return output.note('No hub answers, so claims of other agents are not checked.');
    }
    if (conflicts.length === 0) return;
    for (const { path, claim } of conflicts)
      await output.data({ path, claim }, () => sentenceOf(repository, path, claim));
    output.note(
      `The commit is refused. Wait for these agents, ask them, or commit as the holder: AGORA_AGENT=name git commit.`,
    );
    context.exit = EXIT.failed;
  },
});

async function findConflicts(
  context: CommandContext,
  repository: Repository,
  paths: readonly string[],
): Promise<Conflict[]> {
  const me = claimantOf(context);
  const client = await context.connect();
  const conflicts: Conflict[] = [];
  for (let from = 0; from < paths.length; from += LIMITS.claimResources) {
    const keys = new Map<string, string>();
    for (const path of paths.slice(from, from + LIMITS.claimResources)) {
      const key = claimPath(repository, repository.root, path);
      if (key !== undefined) keys.set(key, path);
    }
    const held = (await client.claims({ on: [...keys.keys()], state: 'held' })).filter(({ agent }) => agent !== me);
    if (held.length === 0) continue;
    // One more question for each path, only where a claim is in the way.
    for (const [key, path] of keys) {
      const claims = await client.claims({ on: key, state: 'held' });
      conflicts.push(...claims.filter(({ agent }) => agent !== me).map(claim => ({ path, claim })));
    }
  }
  return conflicts;
}

function sentenceOf(repository: Repository, path: string, { agent, resources, until, note }: ClaimInfo): string {
  const claimed = resources.map(({ key }) => shownPath(repository, key)).join(' ');
  const why = note === '' ? '' : ` (${note})`;
  return `${path} is held by ${agent} until ${until.toLocaleTimeString()}: ${claimed}${why}`;
}

async function installHook({ output }: CommandContext, repository: Repository): Promise<void> {
  const hook = await git(repository.root, 'rev-parse', '--git-path', 'hooks/pre-commit');
  const file = resolve(repository.root, hook ?? '.git/hooks/pre-commit');
  const present = await readFile(file, 'utf8').catch(() => undefined);
  const isInstalled = present?.includes(LINE) === true;
  if (present !== undefined && !isInstalled && !/^#!.*sh\b/.test(present)) {
    const sentence = `${file} is no shell script; add the line "${LINE}" to it yourself.`;
    throw new CliError('cli/unwritable', sentence, EXIT.failed);
  }
  if (!isInstalled) {
    await mkdir(dirname(file), { recursive: true });
    // After the first line, so that an earlier `exit` does not skip it.
    const [first = '#!/bin/sh', ...rest] = (present ?? '#!/bin/sh\n').split('\n');
    await writeFile(file, [first, LINE, ...rest].join('\n'));
    await chmod(file, 0o755);
  }
  await output.data({ file, done: isInstalled ? 'unchanged' : 'installed' }, () => file);
}
