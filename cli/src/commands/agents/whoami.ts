// `agora whoami`: the identity of the caller, where its token comes from, and its agents.

import { z } from 'zod';
import { defaultAgentName } from '../../command/act-as.ts';
import { defineCommand } from '../../command/command.ts';

export default defineCommand({
  input: z.object({}),
  async run(context) {
    const { server, database, agent, sources } = context.settings;
    const client = await context.connect();
    const { identity } = client;
    const agents = (await client.findAgents()).filter(each => each.owner === identity).map(each => each.name);
    const token = sources.token ?? 'stored';
    const acts = agent ?? defaultAgentName();
    await context.output.data({ identity, token, actsAs: acts, agents, server, database }, () =>
      [
        `identity  ${identity ?? ''}`,
        `token     ${token === 'stored' ? 'the stored one of this hub' : `from ${token}`}`,
        `acts as   ${acts}`,
        `agents    ${agents.join(' ') || 'none'}`,
        `hub       ${server}, database ${database}`,
      ].join('\n'),
    );
  },
});
