// `agora operator unregister`: unregisters any agent.

import { z } from 'zod';
import { AgentNames } from '../../command/agent-names.ts';
import { defineCommand } from '../../command/command.ts';
import { confirm } from '../../command/confirm.ts';

export default defineCommand({
  input: z.object({ agent: z.string(), yes: z.boolean().default(false) }),
  async run(context, { agent, yes }) {
    const client = await context.connect();
    const id = await (await AgentNames.read(client)).idOf(agent);
    await confirm(context, `Unregister ${agent}? Its unfinished messages become dead letters.`, yes);
    await client.operator.unregisterAgent(id);
    await context.output.data({ agent, done: 'unregistered' }, () => `${agent} unregistered`);
  },
});
