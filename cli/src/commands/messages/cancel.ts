// `agora cancel`: cancels a message that the agent has sent.

import { z } from 'zod';
import { actAs } from '../../command/act-as.ts';
import { defineCommand } from '../../command/command.ts';

export default defineCommand({
  input: z.object({ message: z.string().min(1), reason: z.string().optional() }),
  async run(context, { message: messageId, reason }) {
    const client = await actAs(context);
    await client.cancel(messageId, reason);
    await context.output.data({ messageId, done: 'cancelled' }, () => `${messageId} cancelled`);
  },
});
