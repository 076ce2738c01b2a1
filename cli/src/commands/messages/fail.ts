// `agora fail`: ends a message that was taken with a failure, which its sender gets.

import { z } from 'zod';
import { defineCommand } from '../../command/command.ts';
import { findHeld } from '../../command/held-message.ts';
import { reportSettled } from './report-settled.ts';

export default defineCommand({
  input: z.object({ message: z.string().min(1), reason: z.string().min(1), again: z.boolean().default(false) }),
  async run(context, { message: id, reason, again }) {
    for (const message of await findHeld(context, [id])) {
      await message.fail(reason, { retry: again });
      await reportSettled(context, message, 'failed', { reason, again });
    }
  },
});
