// `agora broadcast`: sends a message to every agent.

import { z } from 'zod';
import { actAs } from '../../command/act-as.ts';
import { defineCommand } from '../../command/command.ts';
import { readPayload } from '../../command/payload.ts';
import { sendOptionsOf, sendFlags } from './send-flags.ts';

export default defineCommand({
  input: z.object(sendFlags),
  async run(context, input) {
    const payload = await readPayload(context, input);
    const client = await actAs(context);
    const accepted = await client.broadcast({ payload, ...sendOptionsOf(input) });
    await context.output.data({ ...accepted, from: client.name, to: ['*'] }, () => accepted.messageId);
  },
});
