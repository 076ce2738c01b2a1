// `agora send`: sends a message to one or several agents.

import { z } from 'zod';
import { actAs } from '../../command/act-as.ts';
import { defineCommand } from '../../command/command.ts';
import { readPayload } from '../../command/payload.ts';
import { sendOptionsOf, recipients, sendFlags } from './send-flags.ts';

export default defineCommand({
  input: z.object({ to: recipients, ...sendFlags }),
  async run(context, { to, ...input }) {
    const payload = await readPayload(context, input);
    const client = await actAs(context);
    const accepted = await client.sendMessage({ to, payload, ...sendOptionsOf(input) });
    await context.output.data({ ...accepted, from: client.name, to }, () => accepted.messageId);
  },
});
