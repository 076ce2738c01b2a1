// `agora give-back`: gives back messages that were taken. The hub offers each again, to this agent or to another one of its queue.

import { z } from 'zod';
import { defineCommand } from '../../command/command.ts';
import { findHeld } from '../../command/held-message.ts';
import { reportSettled } from './report-settled.ts';

export default defineCommand({
  input: z.object({ messages: z.array(z.string().min(1)) }),
  async run(context, { messages }) {
    for (const message of await findHeld(context, messages)) {
      await message.fail('it was given back', { retry: true });
      await reportSettled(context, message, 'given-back');
    }
  },
});
