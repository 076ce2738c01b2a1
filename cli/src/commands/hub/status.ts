// `agora status`: does the hub answer, and who is there?

import { z } from 'zod';
import { defineCommand } from '../../command.ts';

export default defineCommand({
  input: z.object({}),
  async run(context) {
    const { output, settings } = context;
    const begun = performance.now();
    const client = await context.connect();
    const connectMs = Math.round(performance.now() - begun);
    const agents = await client.findAgents();
    const online = agents.filter(agent => agent.presence === 'online').length;
    const { server, database } = settings;
    const status = { server, database, identity: client.identity, agents: agents.length, online, connectMs };
    await output.data(status, () =>
      [
        `${output.paint('green', '●')} ${server}, database ${database} (${connectMs} ms)`,
        `  you     ${client.identity}`,
        `  agents  ${agents.length}, ${online} online`,
      ].join('\n'),
    );
  },
});
