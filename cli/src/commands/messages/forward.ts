// `agora forward`: forwards a message that the agent has sent or received; its recipient sees the verified origin.

import { z } from 'zod';
import { actAs } from '../../command/act-as.ts';
import { defineCommand } from '../../command/command.ts';
import { recipients } from './send-flags.ts';

export default defineCommand({
  input: z.object({ message: z.string().min(1), to: recipients }),
  async run(context, { message, to }) {
    const client = await actAs(context);
    const accepted = await client.forward(message, to);
    await context.output.data({ ...accepted, from: client.name, to }, () => accepted.messageId);
  },
});
