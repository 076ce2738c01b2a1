// `agora broadcast`: something is said to everyone.

import { z } from 'zod';
import { actAs } from '../../acting.ts';
import { defineCommand } from '../../command.ts';
import { readPayload } from '../../payload.ts';
import { optionsOf, sendingInput } from './sending.ts';

export default defineCommand({
  input: z.object(sendingInput),
  async run(context, input) {
    const payload = await readPayload(context, input);
    const client = await actAs(context);
    const accepted = await client.broadcast({ payload, ...optionsOf(input) });
    await context.output.data({ ...accepted, from: client.name, to: ['*'] }, () => accepted.messageId);
  },
});
