// `agora unregister`: unregisters an agent of the caller.

import { z } from 'zod';
import { defineCommand } from '../../command/command.ts';

export default defineCommand({
  input: z.object({ name: z.string() }),
  async run(context, { name }) {
    const client = await context.connect(name);
    await client.resumeAgent({ receives: false });
    await client.unregisterAgent();
    await context.output.data({ name, status: 'unregistered' }, () => name);
  },
});
