// `agora usage`: what an agent of the caller has used of its limits.

import { z } from 'zod';
import { actAs } from '../../command/act-as.ts';
import { defineCommand } from '../../command/command.ts';
import { usageLines } from '../../command/usage-lines.ts';

export default defineCommand({
  input: z.object({}),
  async run(context) {
    const client = await actAs(context);
    const usage = await client.agentUsage();
    await context.output.data({ agent: client.name, ...usage }, () => usageLines(usage));
  },
});
