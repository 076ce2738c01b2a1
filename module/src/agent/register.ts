// Registers an agent, and updates one.

import { LIMITS } from '../contract/limits.ts';
import type { Presence } from '../contract/words.ts';
import { appendSystemEvent } from '../event/append.ts';
import { beginBroadcasts } from '../message/broadcast.ts';
import { fill } from '../message/deliver.ts';
import { enterQueues, leaveQueues } from '../message/queue.ts';
import { refuse } from '../refuse.ts';
import { emptyMailbox, type UnitOfWork } from '../unit-of-work.ts';
import { checkAgentType, checkCapabilities, checkCredit, checkMetadata } from './rules.ts';

/** The fields of an agent that its owner may change; undefined keeps a field. */
export interface Changes {
  readonly agentType?: string | undefined;
  readonly capabilities?: string[] | undefined;
  readonly metadata?: string | undefined;
  readonly credit?: number | undefined;
  readonly strictPriority?: boolean | undefined;
}

/** Refuses a change that breaks a rule. */
export function checkChanges(changes: Changes): void {
  if (changes.agentType !== undefined) checkAgentType(changes.agentType);
  if (changes.capabilities !== undefined) checkCapabilities(changes.capabilities);
  if (changes.metadata !== undefined) checkMetadata(changes.metadata);
  if (changes.credit !== undefined) checkCredit(changes.credit);
}

/** Registers an agent of the caller. */
export function register(unit: UnitOfWork, args: Required<Changes> & { readonly name: string }): void {
  const { db, sender, timestamp } = unit.ctx;
  // The agents of the caller: at most as many as are allowed.
  const owned = [...db.agent.owner.filter(sender)].length;
  if (owned >= LIMITS.agentsPerIdentity)
    refuse('agent/too-many', `one identity may own ${LIMITS.agentsPerIdentity} agents`);
  const id = unit.nextNumber('agent');
  db.agent.insert({
    id,
    name: args.name,
    owner: sender,
    agentType: args.agentType ?? '',
    capabilities: args.capabilities ?? [],
    status: 'active',
    presence: 'offline' satisfies Presence,
    metadata: args.metadata ?? '{}',
    registeredAt: timestamp,
    updatedAt: timestamp,
  });
  const options = { credit: args.credit ?? 0, strict: args.strictPriority ?? false };
  const box = unit.addBox(emptyMailbox(id, args.name, sender, options));
  enterQueues(unit, box, args.capabilities ?? []);
  beginBroadcasts(unit, id);
  appendSystemEvent(unit, 'agent_registration', {
    agent_name: args.name,
    agent_id: Number(id),
    agent_type: args.agentType,
    capabilities: args.capabilities,
  });
}

/** Updates the given fields of an agent. */
export function update(unit: UnitOfWork, agent: bigint, changes: Changes): void {
  const { db, timestamp } = unit.ctx;
  const row = db.agent.id.find(agent);
  const box = unit.box(agent);
  if (!row || !box) return;
  const after = {
    ...row,
    agentType: changes.agentType ?? row.agentType,
    capabilities: changes.capabilities ?? row.capabilities,
    metadata: changes.metadata ?? row.metadata,
  };
  box.credit = changes.credit === undefined ? box.credit : changes.credit || LIMITS.defaultCredit;
  box.strict = changes.strictPriority ?? box.strict;
  unit.changed(box);
  const isCapable = after.capabilities.join('\n') === row.capabilities.join('\n');
  const isSame = after.agentType === row.agentType && after.metadata === row.metadata && isCapable;
  // An agent that was registered before there were work queues is entered in them now.
  if (!isCapable || box.capabilities !== after.capabilities.length) {
    leaveQueues(unit, box);
    enterQueues(unit, box, after.capabilities);
  }
  fill(unit, box);
  if (isSame) return;
  db.agent.id.update({ ...after, updatedAt: timestamp });
  appendSystemEvent(unit, 'agent_update', {
    agent_name: row.name,
    agent_id: Number(agent),
    agent_type: after.agentType,
    capabilities: after.capabilities,
  });
}
