// `agora status`: shows if the hub answers, the caller's identity, and the number of agents.

import type { AgoraClient, HubStatus } from '@agora/client';
import { z } from 'zod';
import { hasCode } from '../../base/cli-error.ts';
import { defineCommand } from '../../command/command.ts';

export default defineCommand({
  input: z.object({}),
  async run(context) {
    const { output, settings } = context;
    const startedAt = performance.now();
    const client = await context.connect();
    const connectMs = Math.round(performance.now() - startedAt);
    const [agents, hub] = await Promise.all([client.findAgents(), countersFor(client)]);
    const online = agents.filter(agent => agent.presence === 'online').length;
    const { server, database } = settings;
    const { identity } = client;
    const status = {
      server,
      database,
      identity,
      isOperator: hub !== undefined,
      agents: agents.length,
      online,
      connectMs,
    };
    await output.data({ ...status, ...(hub && { hub }) }, () =>
      [
        `${output.paint('green', '●')} ${server}, database ${database} (${connectMs} ms)`,
        `  you       ${identity}${hub ? ', an operator' : ''}`,
        `  agents    ${agents.length}, ${online} online`,
        ...(hub ? counters(hub) : []),
      ].join('\n'),
    );
  },
});

/** The counters of the hub; undefined if the caller is not an operator. */
async function countersFor(client: AgoraClient): Promise<HubStatus | undefined> {
  try {
    return await client.operator.status();
  } catch (error) {
    if (hasCode(error, 'operator/required')) return undefined;
    throw error;
  }
}

function counters({ messages, waiting, offered, dead, workflows, events, storedBytes }: HubStatus): string[] {
  const mebibytes = (storedBytes / 1024 ** 2).toFixed(1);
  return [
    `  messages  ${messages}: ${waiting} waiting, ${offered} offered, ${dead} dead letters`,
    `  workflows ${workflows}`,
    `  events    ${events}`,
    `  stored    ${mebibytes} MiB`,
  ];
}
