import { nearestNames, type AgentInfo } from '@agora/client';
import * as z from 'zod';
import { clip, fitting, MAX_ANSWER_BYTES, RESERVED_BYTES } from '../base/size.ts';
import { inbox } from './fields.ts';
import { defineTool } from './tool.ts';

const MAX_DESCRIPTION = 200;
const MAX_CAPABILITIES = 16;

/** `find_agents`: other agents by capability, name or presence. */
export const findAgents = defineTool({
  name: 'find_agents',
  description: 'Lists agents, by capability, name or presence. A long list continues with the cursor.',
  input: z.object({
    capability: z.string().optional(),
    name: z.string().optional().describe('exact name; nearest names are returned if there is none'),
    online: z.boolean().optional().describe('true for connected agents only'),
    cursor: z.number().int().min(0).optional().describe('next_cursor of the last answer'),
  }),
  output: z.looseObject({ agents: z.array(z.looseObject({ name: z.string() })), inbox }),
  annotations: { readOnlyHint: true, openWorldHint: false },
  isCore: true,
  async run(session, { capability, name, online, cursor = 0 }) {
    const client = await session.open();
    const found = await client.findAgents({
      capabilities: capability === undefined ? undefined : [capability],
      presence: online === true ? 'online' : undefined,
      name,
    });
    if (name !== undefined && found.length === 0) {
      const names = (await client.findAgents()).map(agent => agent.name);
      return { agents: [], nearest_names: nearestNames(name, names) };
    }
    const rest = found.slice(cursor);
    const agents = fitting(
      rest.map(agent => describe(agent, session.name)),
      MAX_ANSWER_BYTES - RESERVED_BYTES,
    );
    const next = cursor + agents.length;
    return { agents, total: found.length, ...(next < found.length && { next_cursor: next }) };
  },
});

function describe({ name, presence, status, capabilities, metadata }: AgentInfo, me: string) {
  const { description } = metadata;
  return {
    name,
    ...(name === me && { you: true }),
    presence,
    status,
    capabilities: capabilities.slice(0, MAX_CAPABILITIES),
    ...(typeof description === 'string' && { description: clip(description, MAX_DESCRIPTION) }),
  };
}
