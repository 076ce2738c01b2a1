// `agora restore`: a data folder out of a backup, checked from end to end before it gets its name.

import { HostError, restoreBackup } from '@agora/host';
import { z } from 'zod';
import { defineCommand } from '../../command/command.ts';
import { dataFolder } from '../../base/settings.ts';
import { CliError, EXIT } from '../../base/cli-error.ts';

export default defineCommand({
  input: z.object({
    from: z.string('the folder of a backup is wanted').min(1, 'the folder of a backup is wanted'),
    dataDir: z.string().min(1, 'a folder').optional(),
  }),
  async run(context, { from, dataDir }) {
    const to = context.path(dataDir ?? dataFolder(context.io.environment));
    try {
      const folder = await restoreBackup(context.path(from), to);
      await context.output.data({ folder }, () => `Restored ${folder}; \`agora up\` goes on from there.`);
    } catch (cause) {
      if (!(cause instanceof HostError)) throw cause;
      throw new CliError('cli/restore-failed', `Nothing was restored: ${cause.message}.`, EXIT.failed, { cause });
    }
  },
});
