// Unregisters an agent: removes it immediately, and ends its queued deliveries in chunks.

import { freeAll } from '../claim/held.ts';
import { appendSystemEvent } from '../event/append.ts';
import { leaveAll } from '../group/members.ts';
import { endBroadcasts } from '../message/broadcast.ts';
import { leaveQueues } from '../message/queue.ts';
import { deadLetterLanesLater, deadLetterOffers } from '../message/unregistered.ts';
import type { Ctx } from '../schema.ts';
import type { UnitOfWork } from '../unit-of-work.ts';
import { bytesOfAgent } from './rules.ts';

/**
 * Removes an agent with its offered deliveries. Returns false if it was removed before. Bound: its credit of ended deliveries, the
 * `broadcastWindow` twice, 64 queues and 64 groups, `claimsPerAgent` claims, and `rowsPerCall` for workflows; its lanes and approvals follow by timers.
 */
export function unregister(unit: UnitOfWork, row: NonNullable<ReturnType<Ctx['db']['agent']['id']['find']>>): boolean {
  const { db } = unit.ctx;
  const { id: agent, name } = row;
  const box = unit.box(agent);
  if (!box) return false;
  // So that nothing is offered to it while its deliveries end.
  box.online = false;
  leaveQueues(unit, box);
  deadLetterOffers(unit, box);
  leaveAll(unit, agent);
  unit.removeBox(box);
  db.agent.id.delete(agent);
  unit.addBytes(agent, -bytesOfAgent(row));
  db.attachment.agent.delete(agent);
  db.pulse.agent.delete(agent);
  db.quota.agent.delete(agent);
  endBroadcasts(unit, agent);
  freeAll(unit, agent);
  unit.tasks.agentLeft(unit, agent);
  if (box.waiting > 0 || box.noticeHead < box.noticeTail) deadLetterLanesLater(unit, agent, box);
  appendSystemEvent(unit, agent, 'agent_unregistered', { agent_name: name, agent_id: Number(agent) });
  return true;
}
