// `agora workflow cancel`: cancels a workflow and its running steps.

import { z } from 'zod';
import { defineCommand } from '../../command/command.ts';
import { controlWorkflow } from './control-workflow.ts';

export default defineCommand({
  input: z.object({ workflow: z.string(), reason: z.string() }),
  run: (context, input) => controlWorkflow(context, input, 'cancelled', handle => handle.cancel(input.reason)),
});
