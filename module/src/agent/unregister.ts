// Unregisters an agent: removes it immediately, and ends its queued deliveries in chunks.

import { freeAll } from '../claim/held.ts';
import { appendSystemEvent } from '../event/append.ts';
import { leaveAll } from '../group/members.ts';
import { endBroadcasts } from '../message/broadcast.ts';
import { leaveQueues } from '../message/queue.ts';
import { deadLetterLanesLater, deadLetterOffers } from '../message/unregistered.ts';
import type { UnitOfWork } from '../unit-of-work.ts';

/**
 * Removes an agent with its offered deliveries. Returns false if it was removed before. Bound: its credit of ended deliveries, the
 * `broadcastWindow` twice, 64 queues and 64 groups, `claimsPerAgent` claims, and `rowsPerCall` for workflows; its lanes and approvals follow by timers.
 */
export function unregister(
  unit: UnitOfWork,
  { id: agent, name }: { readonly id: bigint; readonly name: string },
): boolean {
  const { db } = unit.ctx;
  const box = unit.box(agent);
  if (!box) return false;
  // So that nothing is offered to it while its deliveries end.
  box.online = false;
  leaveQueues(unit, box);
  deadLetterOffers(unit, box);
  unit.removeBox(box);
  db.agent.id.delete(agent);
  db.attachment.agent.delete(agent);
  db.pulse.agent.delete(agent);
  db.quota.agent.delete(agent);
  endBroadcasts(unit, agent);
  leaveAll(unit, agent);
  freeAll(unit, agent);
  unit.tasks.agentLeft(unit, agent);
  if (box.waiting > 0) deadLetterLanesLater(unit, agent, box);
  appendSystemEvent(unit, 'agent_unregistered', { agent_name: name, agent_id: Number(agent) });
  return true;
}
