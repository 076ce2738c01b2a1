// The coordinator: the fourth agent, in the process of the demo. It starts the work and collects events and statuses.

import { AgoraClient, type AgoraEvent } from '@agora/client';
import { DATABASE_NAME } from '@agora/hub';
import { CREW_NAMES } from './crew.ts';
import { Collector } from './collector.ts';
import type { Stage } from './stage.ts';
import { COORDINATOR, Status } from './messages.ts';

/** The coordinator on the hub, with the events and statuses received so far. */
export interface Coordinator {
  readonly client: AgoraClient;
  readonly events: Collector<AgoraEvent>;
  readonly statuses: Collector<{ readonly from: string; readonly status: Status }>;
  leave(): Promise<void>;
}

/** Joins the hub and subscribes, before any other agent of the demo joins. */
export async function joinAsCoordinator(server: string, stage: Stage): Promise<Coordinator> {
  const client = new AgoraClient(COORDINATOR, { server, database: DATABASE_NAME, tokenStore: false });
  const events: Coordinator['events'] = new Collector();
  const statuses: Coordinator['statuses'] = new Collector();
  await client.connect();
  await client.subscribeToEvents({
    eventTypes: ['agent_registration', 'documentation_updated', 'step_completed', 'workflow_completion'],
    handler: event => {
      stage.show(COORDINATOR, `← event ${event.type} from ${event.source}`);
      events.add(event);
    },
  });
  await client.registerAgent({ agentType: 'coordinator', capabilities: ['coordination'] });
  await client.subscribeToMessages({
    filters: { messageTypes: ['status_update'] },
    handler: message => {
      const status = Status.parse(message.payload);
      stage.show(COORDINATOR, `← ${message.type} from ${message.from}: ${status.status}`);
      statuses.add({ from: message.from, status });
    },
  });
  stage.show(COORDINATOR, 'registered as coordinator');
  return {
    client,
    events,
    statuses,
    leave: async () => {
      await client.unregisterAgent();
      await client.close();
    },
  };
}

/** Returns true if a name of the demo's agents is registered on that hub. */
export async function areNamesTaken(server: string): Promise<boolean> {
  const client = new AgoraClient(`${COORDINATOR}-scout`, { server, database: DATABASE_NAME, tokenStore: false });
  await client.connect();
  try {
    const names = new Set<string>([COORDINATOR, ...CREW_NAMES]);
    return (await client.findAgents({})).some(agent => names.has(agent.name));
  } finally {
    await client.close();
  }
}
