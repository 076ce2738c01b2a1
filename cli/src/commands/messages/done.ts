// `agora done`: ends messages that were taken, without an answer.

import { z } from 'zod';
import { defineCommand } from '../../command/command.ts';
import { findHeld } from '../../command/held-message.ts';
import { reportSettled } from './report-settled.ts';

export default defineCommand({
  input: z.object({ messages: z.array(z.string().min(1)) }),
  async run(context, { messages }) {
    for (const message of await findHeld(context, messages)) {
      await message.ack();
      await reportSettled(context, message, 'done');
    }
  },
});
