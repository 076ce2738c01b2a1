// `agora workflow cancel`: cancels a workflow and its running steps.

import { z } from 'zod';
import { confirm } from '../../command/confirm.ts';
import { defineCommand } from '../../command/command.ts';
import { controlWorkflow } from './control-workflow.ts';

export default defineCommand({
  input: z.object({ workflow: z.string(), reason: z.string(), yes: z.boolean().default(false) }),
  run: (context, input) =>
    controlWorkflow(context, input, 'cancelled', async handle => {
      const { type, ended, total, endedAt } = handle.status();
      const question = `Cancel the workflow ${type} (${ended} of ${total} steps have ended)? It cannot continue then.`;
      // The hub refuses an ended workflow.
      if (endedAt === undefined) await confirm(context, question, input.yes);
      await handle.cancel(input.reason);
    }),
});
