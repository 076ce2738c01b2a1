// `agora answer`: answers a question that was taken, or finishes a step with its output.

import { z } from 'zod';
import { CliError, EXIT } from '../../base/cli-error.ts';
import { defineCommand } from '../../command/command.ts';
import { findHeld } from '../../command/held-message.ts';
import { wantsResult } from '../../command/message-text.ts';
import { payloadInput, readPayload } from '../../command/payload.ts';
import { reportSettled } from './report-settled.ts';

export default defineCommand({
  input: z.object({ message: z.string().min(1), ...payloadInput, askBack: z.boolean().default(false) }),
  async run(context, { message: id, askBack, ...input }) {
    const data = await readPayload(context, input);
    const [message] = await findHeld(context, [id]);
    if (!message) return;
    if (!wantsResult(message) || (askBack && !message.wantsAnswer)) {
      const ways = `\`agora done ${message.id}\` ends it, \`agora send ${message.from} --reply-to ${message.id}\` replies`;
      const what = askBack ? 'has no asker' : 'wants no answer';
      throw new CliError('cli/no-asker', `This ${message.kind} from ${message.from} ${what}; ${ways}.`, EXIT.usage);
    }
    await (askBack ? message.requireInput(data) : message.respond(data));
    await reportSettled(context, message, askBack ? 'asked-back' : 'answered');
  },
});
