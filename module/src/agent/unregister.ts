// Unregisters an agent: removes it immediately; what waits for it is swept in chunks.

import { appendSystemEvent } from '../event/append.ts';
import { leaveAll } from '../group/members.ts';
import { endBroadcasts } from '../message/broadcast.ts';
import { leaveQueues } from '../message/queue.ts';
import { deadLetterOffers } from '../message/sweep.ts';
import { schedule } from '../time/schedule.ts';
import type { UnitOfWork } from '../unit-of-work.ts';

/** Removes an agent with all that it holds. Returns false if it was removed before. */
export function unregister(
  unit: UnitOfWork,
  { id: agent, name }: { readonly id: bigint; readonly name: string },
): boolean {
  const { db } = unit.ctx;
  const box = unit.box(agent);
  if (!box) return false;
  // An offline agent is offered nothing from here on.
  box.online = false;
  leaveQueues(unit, box);
  deadLetterOffers(unit, box, 'its agent was unregistered');
  const lanes = JSON.stringify({ heads: box.heads.map(String), tails: box.tails.map(String) });
  unit.removeBox(box);
  db.agent.id.delete(agent);
  db.attachment.agent.delete(agent);
  db.pulse.agent.delete(agent);
  db.quota.agent.delete(agent);
  endBroadcasts(unit, agent);
  leaveAll(unit, agent);
  if (box.waiting > 0) schedule(unit, unit.now, 'gone', agent, lanes);
  appendSystemEvent(unit, 'agent_unregistered', { agent_name: name, agent_id: Number(agent) });
  return true;
}
