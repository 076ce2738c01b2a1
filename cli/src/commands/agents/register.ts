// `agora register`: registers an agent, or changes its registration, without serving it.

import { z } from 'zod';
import { json, wholeNumber } from '../../base/flag-schemas.ts';
import { defineCommand } from '../../command/command.ts';

export default defineCommand({
  input: z.object({
    name: z.string(),
    type: z.string(),
    capability: z.array(z.string()).default([]),
    metadata: json.pipe(z.record(z.string(), z.unknown(), 'a JSON object')).optional(),
    credit: wholeNumber(1, 256).optional(),
    strict: z.boolean().default(false),
  }),
  async run(context, { name, type: agentType, capability, metadata, credit, strict: strictPriority }) {
    const client = await context.connect(name);
    const registration = { agentType, capabilities: capability, metadata, credit, strictPriority };
    await client.registerAgent(registration, { receives: false });
    const [agent] = await client.findAgents({ name });
    await context.output.data(agent ?? { name }, () => name);
  },
});
