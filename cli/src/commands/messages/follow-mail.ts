// `agora wait --follow`: a line each time there is new mail, for monitors of coding agents. It takes no mail, so the process
// that serves the agent goes on undisturbed.

import { setTimeout as pause } from 'node:timers/promises';
import type { AgoraClient } from '@agora/client';
import { hasCode } from '../../base/cli-error.ts';
import { defaultAgentName } from '../../command/act-as.ts';
import type { CommandContext } from '../../command/command-context.ts';
import { isOrphaned } from '../../command/orphaned.ts';

/** A coding session registers its agent a moment after its start. */
const RETRY_MS = 1_000;

/** Prints new mail until Ctrl-C, or until the parent process has ended. */
export async function followMailOf({ io, output, settings, signal }: CommandContext): Promise<void> {
  const { agentNameOf, followMail, mailSentence, openLooker } = await import('@agora/mcp/hook');
  const { server, database, token, agent } = settings;
  const isSession = Boolean(io.environment['CLAUDE_CODE_SESSION_ID']);
  const name = agent ?? (isSession ? agentNameOf({ environment: io.environment, cwd: io.cwd }) : defaultAgentName());
  const isOver = isOrphaned(io.environment);
  let client: AgoraClient | undefined;
  while (!client && !signal.aborted && !isOver()) {
    client = await openLooker(name, { server, database, token }).catch(async (error: unknown) => {
      if (!hasCode(error, 'agent/unknown') && !hasCode(error, 'connection/refused')) throw error;
      await pause(RETRY_MS, undefined, { signal }).catch(() => undefined);
      return undefined;
    });
  }
  if (!client) return;
  try {
    for await (const mail of followMail({ client, signal, isOver })) {
      await output.data({ agent: name, mail }, () => mailSentence(mail));
    }
  } finally {
    await client.close({ drainMs: 0 });
  }
}
