// Who the operators are: `agora operator list`, `grant` and `revoke`; and removing an agent, which they may.

import type { AgoraClient } from '@agora/client';
import { z } from 'zod';
import { defineCommand } from '../../command/command.ts';
import type { CommandContext } from '../../command/command-context.ts';
import { confirm } from '../../command/confirm.ts';
import { AgentNames, identityOf } from '../../command/agent-names.ts';

const who = z.object({ who: z.string() });

/** `agora operator list`. */
export const list = defineCommand({
  input: z.object({}),
  async run(context) {
    const client = await context.connect();
    const [operators, agents] = await Promise.all([client.operator.operators(), client.findAgents()]);
    const rows = operators.map(operator => ({
      ...operator,
      isYou: operator.identity === client.identity,
      agents: agents.filter(agent => agent.owner === operator.identity).map(agent => agent.name),
    }));
    await context.output.table(rows, {
      IDENTITY: row => row.identity,
      SINCE: row => row.grantedAt.toLocaleString(),
      AGENTS: row => row.agents.slice(0, 5).join(', '),
      YOU: row => (row.isYou ? 'you' : ''),
    });
  },
});

/** `agora operator grant`. */
export const grant = defineCommand({
  input: who,
  run: (context, input) => change(context, input.who, 'granted', (client, identity) => client.operator.grant(identity)),
});

/** `agora operator revoke`. */
export const revoke = defineCommand({
  input: who,
  run: (context, input) =>
    change(context, input.who, 'revoked', (client, identity) => client.operator.revoke(identity)),
});

/** `agora operator unregister`. */
export const unregister = defineCommand({
  input: z.object({ agent: z.string(), yes: z.boolean().default(false) }),
  async run(context, { agent, yes }) {
    const client = await context.connect();
    const number = await (await AgentNames.read(client)).idOf(agent);
    await confirm(context, `Remove the agent ${agent}, so that what waits for it is dead?`, yes);
    await client.operator.unregisterAgent(number);
    await context.output.data({ agent, done: 'unregistered' }, () => `${agent} unregistered`);
  },
});

async function change(
  context: CommandContext,
  typed: string,
  done: string,
  act: (client: AgoraClient, identity: string) => Promise<void>,
): Promise<void> {
  const client = await context.connect();
  const identity = await identityOf(client, typed);
  await act(client, identity);
  await context.output.data({ identity, done }, () => `${identity} ${done}`);
}
