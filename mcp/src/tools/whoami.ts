import * as z from 'zod';
import { AGENT_STATUSES } from '@agora/module/contract';
import { fitting } from '../base/size.ts';
import { inbox } from './fields.ts';
import { defineTool } from './tool.ts';

/** `whoami`: the agent of this session; registers what it can do. */
export const whoami = defineTool({
  name: 'whoami',
  description:
    'Your agent name on the hub and your open mail. Give capabilities, a description or a status to change what others see.',
  input: z.object({
    capabilities: z
      .array(z.string())
      .max(64)
      .optional()
      .describe('short names such as "review"; replaces the old ones'),
    description: z.string().max(500).optional().describe('what you work on, up to 500 characters'),
    status: z.enum(AGENT_STATUSES).optional(),
    join_groups: z.array(z.string()).max(16).optional().describe('#groups to join'),
  }),
  output: z.looseObject({ name: z.string(), capabilities: z.array(z.string()), inbox }),
  annotations: { readOnlyHint: false, destructiveHint: false, idempotentHint: true, openWorldHint: false },
  isCore: true,
  async run(session, { capabilities, description, status, join_groups: joined = [] }) {
    const client = await session.open();
    if (capabilities || description !== undefined) {
      await client.updateAgent({ capabilities, metadata: description === undefined ? undefined : { description } });
    }
    if (status) await client.setStatus(status);
    for (const group of joined) await client.joinGroup(group);
    const [[me], groups] = await Promise.all([client.findAgents({ name: session.name }), client.groups()]);
    return {
      name: session.name,
      capabilities: fitting(me?.capabilities ?? [], 3_000),
      status: me?.status,
      description: me?.metadata['description'],
      groups: fitting(
        groups.map(group => group.name),
        2_000,
      ),
      open_messages: session.mailbox.counts().open,
      woken_on_mail: session.isWoken,
      ...(session.warnings.length > 0 && { warnings: fitting(session.warnings, 1_500) }),
    };
  },
});
