// `agora operator limits`: changes the storage limit and the retention times of the hub, or shows the storage limit.

import { LIMITS } from '@agora/module/contract';
import { z } from 'zod';
import { durationWithin } from '../../base/flag-schemas.ts';
import { formatBytes, formatDuration, size } from '../../base/size.ts';
import { actAs } from '../../command/act-as.ts';
import type { CommandContext } from '../../command/command-context.ts';
import { confirm } from '../../command/confirm.ts';
import { defineCommand } from '../../command/command.ts';

/** The range that the hub accepts, in the units of the flags. */
const retention = durationWithin(LIMITS.minRetentionMs, LIMITS.delayMs * 10);

export default defineCommand({
  input: z.object({
    storedBytes: size.refine(bytes => bytes > 0, 'more than 0 bytes').optional(),
    keepMessages: retention.optional(),
    keepEvents: retention.optional(),
    keepWorkflows: retention.optional(),
    yes: z.boolean().default(false),
  }),
  async run(context, { storedBytes, keepMessages, keepEvents, keepWorkflows, yes }) {
    const limits = {
      storedBytes,
      keepMessagesMs: keepMessages,
      keepEventsMs: keepEvents,
      keepWorkflowsMs: keepWorkflows,
    };
    if (Object.values(limits).every(value => value === undefined)) return showStorage(context);
    const client = await context.connect();
    const stored = storedBytes === undefined ? 0 : (await client.operator.status()).storedBytes;
    if (storedBytes !== undefined && storedBytes <= stored) {
      const question = `The hub stores ${formatBytes(stored)} already: with a limit of ${formatBytes(storedBytes)} it refuses each message. Set it?`;
      await confirm(context, question, yes);
    }
    await client.operator.setHubLimits(limits);
    await context.output.data(limits, () =>
      Object.entries(limits)
        .flatMap(([name, value]) => {
          if (value === undefined) return [];
          return [
            `${name.replace(/Ms$/, '').padEnd(14)} ${name === 'storedBytes' ? formatBytes(value) : formatDuration(value)}`,
          ];
        })
        .join('\n'),
    );
  },
});

/** The limit is part of the usage of any agent. */
async function showStorage(context: CommandContext): Promise<void> {
  const client = await actAs(context);
  const { storedBytes, storedBytesLimit } = await client.agentUsage();
  await context.output.data(
    { storedBytes, storedBytesLimit },
    () => `stored         ${formatBytes(storedBytes)} of ${formatBytes(storedBytesLimit)}`,
  );
}
