// Who one is on the hub: the token, being let in, the agent.

import type { AgoraClient } from '@agora/client';
import { describeError, hasCode } from '../base/cli-error.ts';
import { fault, ok, skipped, warning, type Finding, type Patient } from './finding.ts';

/** Looks at the token, at being let in, and at the agent that would act. */
export async function* examineIdentity(patient: Patient): AsyncGenerator<Finding, void> {
  if (!patient.isReachable || !patient.hasDatabase) {
    yield skipped('identity', patient.isReachable ? 'there is no database' : 'there is no server');
    return;
  }
  const { context } = patient;
  const { sources } = context.settings;
  let client: AgoraClient;
  const begun = performance.now();
  try {
    client = await context.connect();
  } catch (error) {
    yield refusal(error, sources.token);
    return;
  }
  yield ok('identity', `${client.identity ?? ''} (connected in ${Math.round(performance.now() - begun)} ms)`);
  const { agent: name } = context.settings;
  if (name !== undefined) yield await agent(client, name);
}

function refusal(error: unknown, source: string | undefined): Finding {
  const { code, message } = describeError(error);
  if (hasCode(error, 'connection/bad-token')) {
    const fix = source === undefined ? 'Remove the kept token; a new one is made.' : `Give another token (${source}).`;
    return fault('identity', message, fix);
  }
  if (hasCode(error, 'connection/not-admitted')) {
    return fault('identity', message, 'Ask an operator of the hub to admit this identity: agora operator admit.');
  }
  return fault('identity', `${message} (${code})`, 'Look at what the server logs, and try again.');
}

async function agent(client: AgoraClient, name: string): Promise<Finding> {
  const [found] = await client.findAgents({ name });
  if (!found) return warning('agent', `there is no agent "${name}" yet`, `agora register ${name}`);
  if (found.owner !== client.identity) {
    const fix = 'Take another name (--as), or the token of its owner (--token).';
    return fault('agent', `"${name}" belongs to another identity`, fix);
  }
  return ok('agent', `${name} is yours, ${found.presence === 'online' ? 'and a process serves it' : found.presence}`);
}
