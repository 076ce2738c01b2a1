// `agora restore`: restores a data folder from a backup. The host checks the whole copy before it renames it into place.

import { HostError, restoreBackup } from '@agora/host';
import { z } from 'zod';
import { CliError, EXIT } from '../../base/cli-error.ts';
import { dataFolder } from '../../base/settings.ts';
import { defineCommand } from '../../command/command.ts';

export default defineCommand({
  input: z.object({
    from: z.string('the folder of a backup').min(1, 'the folder of a backup'),
    dataDir: z.string().min(1, 'a folder').optional(),
  }),
  async run(context, { from, dataDir }) {
    const to = context.path(dataDir ?? dataFolder(context.io.environment));
    try {
      const folder = await restoreBackup(context.path(from), to);
      await context.output.data({ folder }, () => `Restored ${folder}; start the hub with \`agora up\`.`);
    } catch (cause) {
      if (!(cause instanceof HostError)) throw cause;
      throw new CliError('cli/restore-failed', `Nothing was restored: ${cause.message}.`, EXIT.failed, { cause });
    }
  },
});
