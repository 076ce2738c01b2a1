// `agora workflow approve`: approves a step that waits for the caller's approval.

import { z } from 'zod';
import { defineCommand } from '../../command/command.ts';
import { printDone } from './control-workflow.ts';

export default defineCommand({
  input: z.object({ workflow: z.string(), step: z.string(), comment: z.string().default('') }),
  async run(context, input) {
    const client = await context.connect();
    await client.approveStep(input.workflow, input.step, input.comment);
    await printDone(context, input, 'approved');
  },
});
