// `agora operator admit`: admits an identity, or all identities of a token issuer and audience.

import { z } from 'zod';
import { CliError, EXIT } from '../../base/cli-error.ts';
import { identityOf } from '../../command/agent-names.ts';
import { defineCommand } from '../../command/command.ts';

export default defineCommand({
  input: z.object({
    who: z.string().optional(),
    issuer: z.string().optional(),
    audience: z.string().optional(),
    note: z.string().default(''),
  }),
  async run(context, { who, issuer, audience, note }) {
    if ((who === undefined) === (issuer === undefined)) {
      throw new CliError('cli/usage', 'Name an identity or an agent, or give --issuer and --audience.', EXIT.usage);
    }
    if ((issuer === undefined) !== (audience === undefined)) {
      throw new CliError('cli/usage', 'Give both --issuer and --audience.', EXIT.usage);
    }
    const { output } = context;
    const client = await context.connect();
    if (issuer !== undefined && audience !== undefined) {
      await client.operator.admitIssuer(issuer, audience, note);
      return output.data({ issuer, audience, done: 'admitted' }, () => `${issuer} for ${audience} admitted`);
    }
    const identity = await identityOf(client, who ?? '');
    await client.operator.admitIdentity(identity, note);
    await output.data({ identity, done: 'admitted' }, () => `${identity} admitted`);
  },
});
