// The person at the page as an agent: registered with the first message, so that answers have a recipient.

import type { Hub } from '../hub/hub.ts';
import type { AgentRow } from '../hub/live-tables.ts';
import { Refusal } from '../hub/refusal.ts';

/** The type of the agent of a person. */
export const PERSON = 'person';
const WAIT_MS = 5_000;

/** Returns the person of the user, registered if it does not exist yet. */
export async function ensurePerson(hub: Hub, own: readonly AgentRow[]): Promise<AgentRow> {
  const known = own.find(({ agentType }) => agentType === PERSON);
  if (known) {
    await hub.call(db => db.reducers.attachAgent({ agent: known.id }));
    return known;
  }
  const name = `Person-${hub.me?.identity.toHexString().slice(0, 8) ?? ''}`;
  const query = `SELECT * FROM agent WHERE name = '${name}'`;
  const release = hub.tables.hold(query);
  try {
    await hub.call(db =>
      db.reducers.registerAgent({
        name,
        agentType: PERSON,
        capabilities: [],
        metadata: '{}',
        credit: 0,
        strictPriority: false,
      }),
    );
    const found = await appears(hub, name);
    await hub.call(db => db.reducers.attachAgent({ agent: found.id }));
    return found;
  } finally {
    release();
  }
}

function appears(hub: Hub, name: string): Promise<AgentRow> {
  return new Promise((resolve, reject) => {
    const look = () => {
      const found = hub.tables.rows('agent').find(agent => agent.name === name);
      if (!found) return;
      end();
      resolve(found);
    };
    const timer = setTimeout(() => {
      end();
      reject(new Refusal('call/timed-out', 'Your agent did not appear in time.'));
    }, WAIT_MS);
    const release = hub.tables.onRows(look);
    const end = () => {
      clearTimeout(timer);
      release();
    };
    look();
  });
}
