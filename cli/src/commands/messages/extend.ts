// `agora extend`: keeps a message that was taken for longer.

import { z } from 'zod';
import { defineCommand } from '../../command/command.ts';
import { findHeld, holdTime } from '../../command/held-message.ts';
import { reportSettled } from './report-settled.ts';

export default defineCommand({
  input: z.object({ message: z.string().min(1), time: holdTime }),
  async run(context, { message: id, time }) {
    for (const message of await findHeld(context, [id])) {
      await message.extend(time);
      await reportSettled(context, message, 'extended', { heldUntil: new Date(Date.now() + time) });
    }
  },
});
