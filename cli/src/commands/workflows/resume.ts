// `agora workflow resume`: resumes a paused workflow.

import { z } from 'zod';
import { defineCommand } from '../../command/command.ts';
import { controlWorkflow } from './control-workflow.ts';

export default defineCommand({
  input: z.object({ workflow: z.string() }),
  run: (context, input) => controlWorkflow(context, input, 'resumed', handle => handle.resume()),
});
