// `agora group members`: lists the members of a group.

import { z } from 'zod';
import { actAs } from '../../command/act-as.ts';
import { defineCommand } from '../../command/command.ts';
import { groupName } from './group-name.ts';

export default defineCommand({
  input: z.object({ group: groupName }),
  async run(context, { group }) {
    const client = await actAs(context);
    const members = (await client.groupMembers(group)).map(name => ({ name }));
    await context.output.table(members, { NAME: each => each.name });
  },
});
