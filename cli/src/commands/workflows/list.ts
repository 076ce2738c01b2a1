// `agora workflow list`: lists the workflows of the hub.

import type { ListedWorkflow } from '@agora/client';
import { WORKFLOW_STATUSES } from '@agora/module/contract';
import { z } from 'zod';
import { duration, wholeNumber } from '../../base/flag-schemas.ts';
import { defineCommand } from '../../command/command.ts';

export default defineCommand({
  input: z.object({ since: duration, status: z.enum(WORKFLOW_STATUSES).optional(), limit: wholeNumber(1, 100_000) }),
  async run(context, { since, status, limit }) {
    const { output } = context;
    const client = await context.connect();
    const from = new Date(Date.now() - since);
    const wanted: ListedWorkflow[] = [];
    for await (const each of client.listWorkflows({ status })) {
      if (each.startedAt < from || wanted.push(each) === limit) break;
    }
    if (wanted.length === 0) output.note('No workflows; use --since 7d to look further back.');
    await output.table(wanted, {
      WORKFLOW: each => each.workflowId,
      TYPE: each => each.type,
      STATUS: each => each.status,
      STEPS: each => `${each.ended}/${each.total}`,
      STARTED: each => output.date(each.startedAt),
      BY: each => each.initiator,
    });
  },
});
