// `agora operator list`: lists the operators, with their agents.

import { z } from 'zod';
import { defineCommand } from '../../command/command.ts';

const MAX_NAMES = 5;

export default defineCommand({
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
      SINCE: row => context.output.date(row.grantedAt),
      AGENTS: row => row.agents.slice(0, MAX_NAMES).join(', '),
      YOU: row => (row.isYou ? 'you' : ''),
    });
  },
});
