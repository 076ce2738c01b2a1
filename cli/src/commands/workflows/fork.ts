// `agora workflow fork`: an ended workflow once more, from a step on.

import { z } from 'zod';
import { actAs } from '../../command/act-as.ts';
import { defineCommand } from '../../command/command.ts';
import { checkStay, stayFlags, stayWith } from './report-start.ts';

export default defineCommand({
  input: z.object({ workflow: z.string(), step: z.string(), ...stayFlags }),
  async run(context, input) {
    checkStay(input);
    const client = await actAs(context);
    const handle = await (await client.workflow(input.workflow)).fork(input.step);
    await stayWith(context, { client, handle }, input);
  },
});
