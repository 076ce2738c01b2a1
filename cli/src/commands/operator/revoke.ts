// `agora operator revoke`: removes an operator.

import { z } from 'zod';
import { identityOf } from '../../command/agent-names.ts';
import { confirm } from '../../command/confirm.ts';
import { defineCommand } from '../../command/command.ts';

export default defineCommand({
  input: z.object({ who: z.string(), yes: z.boolean().default(false) }),
  async run(context, { who, yes }) {
    const client = await context.connect();
    const identity = await identityOf(client, who);
    const whose = identity === client.identity ? 'your own rights' : `the rights of ${who}`;
    await confirm(context, `Revoke ${whose} as an operator? Only another operator can grant them again.`, yes);
    await client.operator.revoke(identity);
    await context.output.data({ identity, done: 'revoked' }, () => `${identity} revoked`);
  },
});
