// `agora operator limits`: changes the storage limit and the retention times of the hub.

import { z } from 'zod';
import { CliError, EXIT } from '../../base/cli-error.ts';
import { duration } from '../../base/flag-schemas.ts';
import { formatBytes, formatDuration, size } from '../../base/size.ts';
import { defineCommand } from '../../command/command.ts';

export default defineCommand({
  input: z.object({
    storedBytes: size.optional(),
    keepMessages: duration.optional(),
    keepEvents: duration.optional(),
    keepWorkflows: duration.optional(),
  }),
  async run(context, { storedBytes, keepMessages, keepEvents, keepWorkflows }) {
    const limits = {
      storedBytes,
      keepMessagesMs: keepMessages,
      keepEventsMs: keepEvents,
      keepWorkflowsMs: keepWorkflows,
    };
    if (Object.values(limits).every(value => value === undefined)) {
      throw new CliError('cli/usage', 'Give a limit to change, such as --keep-messages 48h.', EXIT.usage);
    }
    const client = await context.connect();
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
