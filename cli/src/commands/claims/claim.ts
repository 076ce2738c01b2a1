// `agora claim`: claims paths while a command runs, or for a time.

import { spawn } from 'node:child_process';
import { once } from 'node:events';
import type { ClaimLock } from '@agora/client';
import { LIMITS } from '@agora/module/contract';
import { repositoryOf } from '@agora/mcp/hook';
import { z } from 'zod';
import { CliError, EXIT, type ExitCode } from '../../base/cli-error.ts';
import { duration } from '../../base/flag-schemas.ts';
import type { CommandContext } from '../../command/command-context.ts';
import { defineCommand } from '../../command/command.ts';
import { claimPaths, connectAsClaimant } from './claimant.ts';

/** So short that a killed command blocks its paths only briefly. */
const LEASE_MS = 15_000;
/** The time between SIGTERM and SIGKILL. */
const KILL_AFTER_MS = 5_000;

export default defineCommand({
  input: z.object({
    paths: z.array(z.string()).default([]),
    program: z.array(z.string()).default([]),
    name: z.array(z.string()).default([]),
    shared: z.boolean().default(false),
    note: z.string().default(''),
    timeout: duration,
    for: duration.refine(ms => ms >= LIMITS.minClaimLeaseMs && ms <= LIMITS.maxLeaseMs, 'a time from 1s to 1h'),
  }),
  async run(context, { paths, program, name, shared, note, timeout: timeoutMs, for: forMs }) {
    if (paths.length + name.length === 0)
      throw new CliError('cli/usage', 'Name at least one path, or a --name.', EXIT.usage);
    const repository = await repositoryOf(context.io.cwd);
    const targets = [...claimPaths(context, repository, paths), ...name.map(each => ({ name: each }))];
    const client = await connectAsClaimant(context);
    const { signal } = context;
    const isKept = program.length === 0;
    const options = { timeoutMs, shared, note, signal, leaseMs: isKept ? forMs : LEASE_MS, isKept };
    const lock = await client.claim(targets, options);
    const { id, number } = lock;
    if (isKept) return context.output.data({ id, number, agent: client.name }, () => `${id}  number ${number}`);
    context.output.note(`${client.name} holds claim ${id}, number ${number}.`);
    context.exit = await runHolding(context, lock, client.name, program);
    await lock.release();
  },
});

/** Runs a command to its end, and returns its exit code. Ends it if the claim is lost. */
async function runHolding(
  context: CommandContext,
  lock: ClaimLock,
  agent: string,
  [file = '', ...words]: readonly string[],
): Promise<ExitCode> {
  const { io, settings, output } = context;
  const env = {
    ...io.environment,
    AGORA_SERVER: settings.server,
    AGORA_DATABASE: settings.database,
    AGORA_AGENT: agent,
    AGORA_CLAIM_ID: lock.id,
    AGORA_CLAIM_NUMBER: String(lock.number),
  };
  const child = spawn(file, words, { cwd: io.cwd, env, stdio: 'inherit' });
  let kill: ReturnType<typeof setTimeout> | undefined;
  const end = () => {
    child.kill('SIGTERM');
    kill = setTimeout(() => child.kill('SIGKILL'), KILL_AFTER_MS);
  };
  const ended = AbortSignal.any([lock.signal, context.signal]);
  ended.addEventListener('abort', end, { once: true });
  try {
    const [code] = (await once(child, 'close')) as [number | null]; // its arguments
    if (lock.signal.aborted) output.note(`The command was ended: ${String(lock.signal.reason)}`);
    if (lock.signal.aborted) return EXIT.failed;
    // The code of the command is passed on.
    return (code ?? EXIT.interrupted) as ExitCode;
  } catch (error) {
    throw new CliError('cli/no-program', `"${file}" cannot be started: ${String(error)}.`, EXIT.usage, {
      cause: error,
    });
  } finally {
    clearTimeout(kill);
    ended.removeEventListener('abort', end);
  }
}
