// `agora workflow watch`: shows a workflow as it runs, until it ends.

import { z } from 'zod';
import { defineCommand } from '../../command/command.ts';
import { DAY_MS, waitTime, watchToEnd } from './follow.ts';
import { openWorkflow } from './open-workflow.ts';

export default defineCommand({
  input: z.object({ workflow: z.string(), timeout: waitTime.optional() }),
  async run(context, { workflow, timeout = DAY_MS }) {
    const client = await context.connect();
    await using handle = await openWorkflow(client, workflow);
    await watchToEnd(context, { client, handle, timeoutMs: timeout });
  },
});
