// `agora workflow retry`: runs an ended step again, and the steps that depend on it.

import { z } from 'zod';
import { defineCommand } from '../../command/command.ts';
import { controlWorkflow } from './control-workflow.ts';

export default defineCommand({
  input: z.object({ workflow: z.string(), step: z.string() }),
  run: (context, input) => controlWorkflow(context, input, 'retried', handle => handle.retryStep(input.step)),
});
