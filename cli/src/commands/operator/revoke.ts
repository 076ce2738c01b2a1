// `agora operator revoke`: removes an operator.

import { z } from 'zod';
import { identityOf } from '../../command/agent-names.ts';
import { defineCommand } from '../../command/command.ts';

export default defineCommand({
  input: z.object({ who: z.string() }),
  async run(context, { who }) {
    const client = await context.connect();
    const identity = await identityOf(client, who);
    await client.operator.revoke(identity);
    await context.output.data({ identity, done: 'revoked' }, () => `${identity} revoked`);
  },
});
