// `agora release`: releases claims of the agent.

import { repositoryOf } from '@agora/mcp/hook';
import { z } from 'zod';
import { CliError, EXIT } from '../../base/cli-error.ts';
import { defineCommand } from '../../command/command.ts';
import { claimPaths, connectAsClaimant } from './claimant.ts';

const ID = /^[0-9a-f]{8}-[0-9a-f-]{27}$/;

export default defineCommand({
  input: z.object({ paths: z.array(z.string()).default([]), all: z.boolean().default(false) }),
  async run(context, { paths: given, all }) {
    if (all === given.length > 0)
      throw new CliError('cli/usage', 'Name claimed paths or ids, or give --all.', EXIT.usage);
    const paths = given.filter(each => !ID.test(each));
    const wanted = new Set(claimPaths(context, await repositoryOf(context.io.cwd), paths));
    const ids = new Set(given.filter(each => ID.test(each)));
    const client = await connectAsClaimant(context);
    const own = await client.claims({ agent: client.name });
    const released = own.filter(
      ({ id, resources }) =>
        all || ids.has(id) || resources.some(({ kind, key }) => kind === 'path' && wanted.has(key)),
    );
    await Promise.all(released.map(({ id }) => client.releaseClaim(id)));
    for (const { id, resources } of released) {
      await context.output.data(
        { id, done: 'released' },
        () => `${resources.map(({ key }) => key).join(' ')} released`,
      );
    }
    if (released.length > 0) return;
    context.output.note(`${client.name} has no such claim; \`agora claims\` lists all.`);
    context.exit = EXIT.unknown;
  },
});
