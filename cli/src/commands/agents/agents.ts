// `agora agents`: lists the agents of the hub, once or live.

import { isDeepStrictEqual } from 'node:util';
import type { AgentFilters, AgentInfo, AgoraClient } from '@agora/client';
import { AGENT_STATUSES, PRESENCES } from '@agora/module/contract';
import { z } from 'zod';
import { EXIT } from '../../base/cli-error.ts';
import { oneOf } from '../../base/flag-schemas.ts';
import type { Output } from '../../base/output.ts';
import type { CommandContext } from '../../command/command-context.ts';
import { defineCommand } from '../../command/command.ts';

export default defineCommand({
  input: z.object({
    name: z.string().optional(),
    capability: z.array(z.string()).optional(),
    type: z.string().optional(),
    status: oneOf(AGENT_STATUSES).optional(),
    presence: oneOf(PRESENCES).optional(),
    watch: z.boolean().default(false),
  }),
  async run(context, { watch, type, capability, ...rest }) {
    const filters: AgentFilters = { ...rest, agentType: type, capabilities: capability };
    const client = await context.connect();
    if (!watch) {
      const agents = await client.findAgents(filters);
      if (agents.length === 0) context.output.note('No agents match.');
      return context.output.table(agents, columns(context.output));
    }
    await (context.output.isTerminal ? draw(context, client, filters) : follow(context, client, filters));
    if (context.signal.aborted) context.exit = EXIT.interrupted;
  },
});

function columns(output: Output): Readonly<Record<string, (agent: AgentInfo) => string>> {
  return {
    NAME: agent => agent.name,
    PRESENCE: ({ presence }) => output.paint(presence === 'online' ? 'green' : 'dim', presence),
    STATUS: agent => agent.status,
    TYPE: agent => agent.agentType,
    CAPABILITIES: agent => agent.capabilities.join(' '),
    SINCE: agent => output.date(agent.registeredAt),
  };
}

/** Draws the table, and redraws it at each change. */
async function draw({ output, io, signal }: CommandContext, client: AgoraClient, filters: AgentFilters): Promise<void> {
  const [{ createLogUpdate }, { renderTable }] = await Promise.all([
    import('log-update'),
    import('../../base/render-table.ts'),
  ]);
  const view = createLogUpdate(io.stdout);
  try {
    for await (const agents of client.watchAgents(filters, { signal })) {
      const online = agents.filter(agent => agent.presence === 'online').length;
      const head = output.paint('dim', `${agents.length} agents, ${online} online; Ctrl-C ends`);
      view(`${renderTable(agents, columns(output), text => output.paint('bold', text))}\n${head}`);
    }
  } finally {
    view.done();
  }
}

/** Prints a line for each agent, then one for each change. */
async function follow({ output, signal }: CommandContext, client: AgoraClient, filters: AgentFilters): Promise<void> {
  let before = new Map<number, AgentInfo>();
  for await (const agents of client.watchAgents(filters, { signal })) {
    const after = new Map(agents.map(agent => [agent.id, agent]));
    for (const agent of agents) {
      const known = before.get(agent.id);
      if (!known) await printChange(output, 'here', agent);
      else if (!isDeepStrictEqual(known, agent)) await printChange(output, 'changed', agent);
    }
    for (const agent of before.values()) if (!after.has(agent.id)) await printChange(output, 'gone', agent);
    before = after;
  }
}

function printChange(output: Output, change: 'here' | 'changed' | 'gone', agent: AgentInfo): Promise<void> {
  return output.data({ change, agent }, () => {
    const { name, presence, status, agentType } = agent;
    return `${change}  ${name}  ${presence}  ${status}  ${agentType}`;
  });
}
