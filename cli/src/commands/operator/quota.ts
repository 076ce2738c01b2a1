// `agora operator quota`: shows or changes the limits of an agent, with what it has used.

import { z } from 'zod';
import { CliError, EXIT } from '../../base/cli-error.ts';
import { wholeNumber } from '../../base/flag-schemas.ts';
import { AgentNames } from '../../command/agent-names.ts';
import { defineCommand } from '../../command/command.ts';
import { usageLines } from '../../command/usage-lines.ts';

const limit = wholeNumber(1, 2 ** 32 - 1).optional();

export default defineCommand({
  input: z.object({
    agent: z.string().optional(),
    everyone: z.boolean().default(false),
    rate: limit,
    burst: limit,
    unfinished: limit,
    inboxLength: limit,
    fanOut: limit,
    clear: z.boolean().default(false),
  }),
  async run(context, { agent, everyone, clear, ...quota }) {
    const isSet = Object.values(quota).some(value => value !== undefined);
    if ((agent === undefined) === !everyone) {
      throw new CliError('cli/usage', 'Name an agent, or give --everyone.', EXIT.usage);
    }
    if (clear && isSet) throw new CliError('cli/usage', 'Give either --clear or limits.', EXIT.usage);
    if (everyone && !isSet && !clear) {
      throw new CliError('cli/usage', 'Give the limits to set, or name an agent to show its limits.', EXIT.usage);
    }
    const { output } = context;
    const client = await context.connect();
    const id = agent === undefined ? 0 : await (await AgentNames.read(client)).idOf(agent);
    if (clear) await client.operator.clearQuota(id);
    else if (isSet) await client.operator.setQuota(id, quota);
    if (agent === undefined) {
      return output.data({ everyone: true, ...(clear ? { cleared: true } : quota) }, () =>
        clear ? 'Agents have the default limits of a hub.' : 'Agents without limits of their own have these limits.',
      );
    }
    const usage = await client.operator.usage(id);
    await output.data({ agent, ...usage }, () => usageLines(usage));
  },
});
