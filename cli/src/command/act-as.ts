// The agent in whose name a command acts, without serving it: what is sent to it goes on to whoever does.

import { userInfo } from 'node:os';
import type { AgoraClient } from '@agora/client';
import type { Context } from './command-context.ts';
import { CliError, EXIT, hasCode } from '../base/cli-error.ts';

/**
 * A client that speaks as the agent of `--as`, or as `otherwise`, or else as the one that is kept for this user. What was
 * named must be registered, `cli/unknown-agent`; the others are registered when they are first used.
 */
export async function actAs(context: Context, otherwise?: string): Promise<AgoraClient> {
  const { agent } = context.settings;
  if (agent !== undefined) return resume(context, agent);
  const name = otherwise ?? userAgent();
  try {
    return await resumeOrRegister(context, name);
  } catch (error) {
    if (!hasCode(error, 'agent/not-yours')) throw error;
    // Somebody else, or the same user on another machine, has it.
    const client = await context.connect();
    const { identity = '' } = client;
    await client.close();
    return resumeOrRegister(context, `${name}-${identity.slice(-6)}`);
  }
}

async function resume(context: Context, name: string): Promise<AgoraClient> {
  const client = await context.connect(name);
  try {
    await client.resumeAgent({ receives: false });
    return client;
  } catch (cause) {
    if (!hasCode(cause, 'agent/unknown')) throw cause;
    const sentence = `There is no agent "${name}"; \`agora register ${name}\` makes it.`;
    throw new CliError('cli/unknown-agent', sentence, EXIT.unknown, { cause });
  }
}

async function resumeOrRegister(context: Context, name: string): Promise<AgoraClient> {
  const client = await context.connect(name);
  try {
    await client.resumeAgent({ receives: false });
  } catch (error) {
    if (!hasCode(error, 'agent/unknown')) throw error;
    await client.registerAgent({ agentType: 'person' }, { receives: false });
  }
  return client;
}

/** The name of the agent that is kept for this user. */
export function userAgent(): string {
  const name = userName().replace(/[^A-Za-z0-9_.-]/g, '_');
  return `cli-${name}`.slice(0, 50);
}

function userName(): string {
  try {
    return userInfo().username;
  } catch {
    // In a container there may be no name for who runs it.
    return String(process.getuid?.() ?? 'user');
  }
}
