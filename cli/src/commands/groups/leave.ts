// `agora group leave`: removes the agent from a group.

import { z } from 'zod';
import { actAs } from '../../command/act-as.ts';
import { defineCommand } from '../../command/command.ts';
import { groupName } from './group-name.ts';

export default defineCommand({
  input: z.object({ group: groupName }),
  async run(context, { group }) {
    const client = await actAs(context);
    await client.leaveGroup(group);
    await context.output.data({ agent: client.name, group, done: 'left' }, () => `${client.name} left ${group}`);
  },
});
