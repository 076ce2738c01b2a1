// `agora unregister`: unregisters an agent of the caller.

import { z } from 'zod';
import { confirm } from '../../command/confirm.ts';
import { defineCommand } from '../../command/command.ts';

export default defineCommand({
  input: z.object({ name: z.string(), yes: z.boolean().default(false) }),
  async run(context, { name, yes }) {
    const client = await context.connect(name);
    await client.resumeAgent({ receives: false });
    const { held, waiting } = await client.peekInbox({ limit: 1 });
    const open = held + waiting;
    // Without open messages nothing is lost: the agent can be registered again.
    if (open > 0) await confirm(context, `Unregister ${name}? ${open} open messages become dead letters.`, yes);
    await client.unregisterAgent();
    await context.output.data({ name, status: 'unregistered' }, () => name);
  },
});
