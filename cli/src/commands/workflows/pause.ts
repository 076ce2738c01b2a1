// `agora workflow pause`: assigns no further steps of a workflow.

import { z } from 'zod';
import { defineCommand } from '../../command/command.ts';
import { controlWorkflow } from './control-workflow.ts';

export default defineCommand({
  input: z.object({ workflow: z.string() }),
  run: (context, input) => controlWorkflow(context, input, 'paused', handle => handle.pause()),
});
