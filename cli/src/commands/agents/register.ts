// `agora register`: registers an agent, or changes its registration, without serving it.

import { z } from 'zod';
import { hasCode } from '../../base/cli-error.ts';
import { json, wholeNumber } from '../../base/flag-schemas.ts';
import { defineCommand } from '../../command/command.ts';

export default defineCommand({
  input: z.object({
    name: z.string(),
    type: z.string().optional(),
    capability: z.array(z.string()).optional(),
    metadata: json.pipe(z.record(z.string(), z.unknown(), 'a JSON object')).optional(),
    credit: wholeNumber(1, 256).optional(),
    strict: z.boolean().optional(),
    reset: z.boolean().default(false),
  }),
  async run(context, { name, type: agentType, capability, metadata, credit, strict: strictPriority, reset }) {
    const client = await context.connect(name);
    const given = { agentType, capabilities: capability, metadata, credit, strictPriority };
    const isKnown = !reset && (await client.resumeAgent({ receives: false }).then(() => true, ifUnknown));
    if (isKnown) await client.updateAgent(given);
    else await client.registerAgent({ ...given, agentType: agentType ?? 'worker' }, { receives: false });
    const [agent] = await client.findAgents({ name });
    await context.output.data(agent ?? { name }, () => name);
  },
});

function ifUnknown(error: unknown): false {
  // The hub refuses the registration of a name of another identity itself, with the way out.
  if (hasCode(error, 'agent/unknown') || hasCode(error, 'agent/not-yours')) return false;
  throw error;
}
