// `agora group list`: lists the groups of the agent.

import { z } from 'zod';
import { actAs } from '../../command/act-as.ts';
import { defineCommand } from '../../command/command.ts';

export default defineCommand({
  input: z.object({}),
  async run(context) {
    const client = await actAs(context);
    const groups = await client.groups();
    if (groups.length === 0) context.output.note(`${client.name} is in no group.`);
    await context.output.table(groups, { GROUP: each => each.name, MEMBERS: each => String(each.members) });
  },
});
