// `agora workflow fork`: runs an ended workflow again from a step on, under a new id.

import { z } from 'zod';
import { actAs } from '../../command/act-as.ts';
import { defineCommand } from '../../command/command.ts';
import { checkWaitFlags, waitFlags, reportStart } from './report-start.ts';
import { openWorkflow } from './open-workflow.ts';

export default defineCommand({
  input: z.object({ workflow: z.string(), step: z.string(), ...waitFlags }),
  async run(context, input) {
    checkWaitFlags(input);
    const client = await actAs(context);
    const handle = await (await openWorkflow(client, input.workflow)).fork(input.step);
    await reportStart(context, { client, handle }, input);
  },
});
