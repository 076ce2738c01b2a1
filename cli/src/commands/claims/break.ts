// `agora operator break`: ends a claim of any agent.

import { z } from 'zod';
import { confirm } from '../../command/confirm.ts';
import { defineCommand } from '../../command/command.ts';

export default defineCommand({
  input: z.object({ claim: z.string(), reason: z.string().optional(), yes: z.boolean().default(false) }),
  async run(context, { claim, reason, yes }) {
    const client = await context.connect();
    const found = (await client.claims()).find(({ id }) => id === claim);
    // The hub refuses an unknown claim.
    if (found) await confirm(context, `Break the claim of ${found.agent}? Its work may still run.`, yes);
    await client.operator.breakClaim(claim, reason);
    await context.output.data({ claim, done: 'broken' }, () => `${claim} broken`);
  },
});
