// The fourth agent, which is the demo itself: it leads, and keeps what it hears.

import { AgoraClient, type AgoraEvent } from '@agora/client';
import { DATABASE_NAME } from '@agora/hub';
import { CREW_NAMES } from './crew.ts';
import { Heard } from './heard.ts';
import type { Stage } from './stage.ts';
import { COORDINATOR, Status } from './words.ts';

/** The coordinator on the hub, with the events and statuses it has heard so far. */
export interface Coordinator {
  readonly client: AgoraClient;
  readonly events: Heard<AgoraEvent>;
  readonly statuses: Heard<{ readonly from: string; readonly status: Status }>;
  leave(): Promise<void>;
}

/** Joins the hub and starts to listen, before any other agent of the demo is there. */
export async function joinAsCoordinator(server: string, stage: Stage): Promise<Coordinator> {
  const client = new AgoraClient(COORDINATOR, { server, database: DATABASE_NAME, tokenStore: false });
  const events: Coordinator['events'] = new Heard();
  const statuses: Coordinator['statuses'] = new Heard();
  await client.connect();
  await client.subscribeToEvents({
    eventTypes: ['agent_registration', 'documentation_updated', 'step_completed', 'workflow_completion'],
    handler: event => {
      stage.tell(COORDINATOR, `← event ${event.type} from ${event.source}`);
      events.add(event);
    },
  });
  await client.registerAgent({ agentType: 'coordinator', capabilities: ['coordination'] });
  await client.subscribeToMessages({
    filters: { messageTypes: ['status_update'] },
    handler: message => {
      const status = Status.parse(message.payload);
      stage.tell(COORDINATOR, `← ${message.type} from ${message.from}: ${status.status}`);
      statuses.add({ from: message.from, status });
    },
  });
  stage.tell(COORDINATOR, 'registered as coordinator');
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

/** Whether a name of the demo's agents is somebody's on that hub. */
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
