// The agent that a command acts as without receiving its messages, which go on to the process that serves the agent.

import { userInfo } from 'node:os';
import type { AgoraClient } from '@agora/client';
import { CliError, EXIT, hasCode } from '../base/cli-error.ts';
import type { CommandContext } from './command-context.ts';

/**
 * Connects as the agent of `--as`, or as `otherwise`, or as the default agent of this user. The agent of `--as` must be
 * registered (`cli/unknown-agent`); the other two are registered on first use.
 */
export async function actAs(context: CommandContext, otherwise?: string): Promise<AgoraClient> {
  const { agent } = context.settings;
  if (agent !== undefined) return resume(context, agent);
  const name = otherwise ?? defaultAgentName();
  try {
    return await resumeOrRegister(context, name);
  } catch (error) {
    if (!hasCode(error, 'agent/not-yours')) throw error;
    // Another identity owns the name: another user, or the same user on another machine.
    const client = await context.connect();
    const { identity = '' } = client;
    await client.close();
    return resumeOrRegister(context, `${name}-${identity.slice(-6)}`);
  }
}

/** The name of the default agent of this user. */
export function defaultAgentName(): string {
  const name = userName().replace(/[^A-Za-z0-9_.-]/g, '_');
  return `cli-${name}`.slice(0, 50);
}

async function resume(context: CommandContext, name: string): Promise<AgoraClient> {
  const client = await context.connect(name);
  try {
    await client.resumeAgent({ receives: false });
    return client;
  } catch (cause) {
    if (!hasCode(cause, 'agent/unknown')) throw cause;
    const sentence = `There is no agent "${name}"; \`agora register ${name}\` creates it.`;
    throw new CliError('cli/unknown-agent', sentence, EXIT.unknown, { cause });
  }
}

async function resumeOrRegister(context: CommandContext, name: string): Promise<AgoraClient> {
  const client = await context.connect(name);
  try {
    await client.resumeAgent({ receives: false });
  } catch (error) {
    if (!hasCode(error, 'agent/unknown')) throw error;
    await client.registerAgent({ agentType: 'person' }, { receives: false });
  }
  return client;
}

function userName(): string {
  try {
    return userInfo().username;
  } catch {
    // A container may have no name for the user id.
    return String(process.getuid?.() ?? 'user');
  }
}
