// Checks of the identity: token, admission, agent.

import type { AgoraClient } from '@agora/client';
import { describeError, hasCode } from '../base/cli-error.ts';
import { fault, ok, skipped, warning, type Finding, type Setup } from './finding.ts';

/** Checks the token, the admission, and the agent of `--as`. */
export async function* checkIdentity(setup: Setup): AsyncGenerator<Finding, void> {
  if (!setup.isReachable || !setup.hasDatabase) {
    yield skipped('identity', setup.isReachable ? 'there is no database' : 'there is no server');
    return;
  }
  const { context } = setup;
  const { sources } = context.settings;
  let client: AgoraClient;
  const startedAt = performance.now();
  try {
    client = await context.connect();
  } catch (error) {
    yield connectFault(error, sources.token);
    return;
  }
  yield ok('identity', `${client.identity ?? ''} (connected in ${Math.round(performance.now() - startedAt)} ms)`);
  const { agent: name } = context.settings;
  if (name !== undefined) yield await checkAgent(client, name);
}

function connectFault(error: unknown, source: string | undefined): Finding {
  const { code, message } = describeError(error);
  if (hasCode(error, 'connection/bad-token')) {
    const fix =
      source === undefined ? 'Remove the stored token; a new one is created.' : `Give another token (${source}).`;
    return fault('identity', message, fix);
  }
  if (hasCode(error, 'connection/not-admitted')) {
    return fault('identity', message, 'Ask an operator of the hub to admit this identity: agora operator admit.');
  }
  return fault('identity', `${message} (${code})`, 'Read the log of the server, and try again.');
}

async function checkAgent(client: AgoraClient, name: string): Promise<Finding> {
  const [found] = await client.findAgents({ name });
  if (!found) return warning('agent', `there is no agent "${name}" yet`, `agora register ${name}`);
  if (found.owner !== client.identity) {
    const fix = 'Use another name (--as), or the token of its owner (--token).';
    return fault('agent', `"${name}" belongs to another identity`, fix);
  }
  return ok('agent', `${name} is yours, ${found.presence === 'online' ? 'and a process serves it' : found.presence}`);
}
