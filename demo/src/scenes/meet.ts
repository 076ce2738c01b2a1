// Scene one: the crew registers, and the coordinator finds each agent by its capability.

import type { Coordinator } from '../coordinator.ts';
import { CREW, CREW_NAMES } from '../crew.ts';
import type { Stage } from '../stage.ts';
import { COORDINATOR } from '../messages.ts';

const START_TIMEOUT_MS = 30_000;

/** Waits until all three agents have registered, and checks that each is found by its capability. */
export async function meet({ client, events }: Coordinator, stage: Stage): Promise<void> {
  stage.scene('Three processes register and are discovered');
  const names = new Set<string>(CREW_NAMES);
  const isCrew = (data: unknown) => names.has(nameIn(data));
  const arrived = await events.some(
    CREW_NAMES.length,
    event => event.type === 'agent_registration' && isCrew(event.data),
    'three agents to register',
    START_TIMEOUT_MS,
  );
  stage.must(arrived.length === CREW_NAMES.length, 'three agents registered, and the hub published it as events');
  for (const name of CREW_NAMES) {
    const { capability } = CREW[name];
    const found = await client.findAgents({ capabilities: [capability], status: 'active' });
    stage.show(COORDINATOR, `found for "${capability}": ${found.map(agent => agent.name).join(', ')}`);
    stage.must(
      found.some(agent => agent.name === name),
      `${name} was discovered by its capability "${capability}"`,
    );
  }
}

function nameIn(data: unknown): string {
  const name = typeof data === 'object' && data !== null && 'agent_name' in data ? data.agent_name : undefined;
  return typeof name === 'string' ? name : '';
}
