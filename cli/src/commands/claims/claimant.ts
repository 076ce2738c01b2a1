// The agent that claims, and the paths of claims as they are typed.

import type { AgoraClient } from '@agora/client';
import { agentNameOf, claimPath, isNameKnown, type Repository } from '@agora/mcp/hook';
import { CliError, EXIT } from '../../base/cli-error.ts';
import { actAs, defaultAgentName } from '../../command/act-as.ts';
import type { CommandContext } from '../../command/command-context.ts';

/** The name of the claiming agent: of `--as`, of the coding session that runs the command, or the default agent of the user. */
export function claimantOf({ settings, io }: CommandContext): string {
  const { environment, cwd } = io;
  return settings.agent ?? (isNameKnown(environment) ? agentNameOf({ environment, cwd }) : defaultAgentName());
}

/** Connects as the claiming agent, without receiving its messages. */
export function connectAsClaimant(context: CommandContext): Promise<AgoraClient> {
  return actAs(context, claimantOf(context));
}

/** Returns the paths of claims for typed ones. Throws `cli/usage` for one outside of the repository. */
export function claimPaths(
  context: CommandContext,
  repository: Repository | undefined,
  typed: readonly string[],
): string[] {
  return typed.map(path => {
    const key = claimPath(repository, context.io.cwd, path);
    if (key !== undefined && key !== '') return key;
    throw new CliError('cli/usage', `"${path}" is not inside ${repository?.root ?? 'this folder'}.`, EXIT.usage);
  });
}
