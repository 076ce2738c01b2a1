// `agora set-status`: sets the status of an agent. Only an active agent is offered work of queues.

import { AGENT_STATUSES } from '@agora/module/contract';
import { z } from 'zod';
import { oneOf } from '../../base/flag-schemas.ts';
import { actAs } from '../../command/act-as.ts';
import { defineCommand } from '../../command/command.ts';

export default defineCommand({
  input: z.object({ status: oneOf(AGENT_STATUSES) }),
  async run(context, { status }) {
    const client = await actAs(context);
    await client.setStatus(status);
    await context.output.data({ name: client.name, status }, () => `${client.name} ${status}`);
  },
});
