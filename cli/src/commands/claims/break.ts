// `agora operator break`: ends a claim of any agent.

import { z } from 'zod';
import { defineCommand } from '../../command/command.ts';

export default defineCommand({
  input: z.object({ claim: z.string(), reason: z.string().optional() }),
  async run(context, { claim, reason }) {
    const client = await context.connect();
    await client.operator.breakClaim(claim, reason);
    await context.output.data({ claim, done: 'broken' }, () => `${claim} broken`);
  },
});
