// Registers an agent of the caller, and changes one.

import { isSame } from '../access.ts';
import { LIMITS } from '../contract/limits.ts';
import type { AgentStatus, Presence } from '../contract/words.ts';
import { appendSystemEvent } from '../event/append.ts';
import { checkAgentNumber, emptyMailbox } from '../mailbox.ts';
import { beginBroadcasts } from '../message/broadcast.ts';
import { fillCredit } from '../message/deliver.ts';
import { enterQueues, leaveQueues } from '../message/queue.ts';
import { chargeAct, refuseOverflow } from '../quota/charge.ts';
import { refuse } from '../refuse.ts';
import type { Ctx } from '../schema.ts';
import type { UnitOfWork } from '../unit-of-work.ts';
import { bytesOfAgent, checkAgentType, checkCapabilities, checkCredit, checkMetadata } from './rules.ts';

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

/** Registers an agent of the caller, or updates the one that the caller already has under this name. */
export function register(unit: UnitOfWork, args: Required<Changes> & { readonly name: string }): void {
  const existing = unit.ctx.db.agent.name.find(args.name);
  if (!existing) return insert(unit, args);
  if (!isSame(existing.owner, unit.ctx.sender))
    refuse('agent/name-taken', `"${args.name}" is registered by another identity; choose another name`);
  update(unit, existing.id, args);
}

function insert(unit: UnitOfWork, args: Required<Changes> & { readonly name: string }): void {
  const { db, sender, timestamp } = unit.ctx;
  // At most `agentsPerIdentity` rows.
  const owned = [...db.agent.owner.filter(sender)].length;
  if (owned >= LIMITS.agentsPerIdentity)
    refuse('agent/too-many', `one identity may own at most ${LIMITS.agentsPerIdentity} agents; unregister one first`);
  const id = unit.nextNumber('agent');
  checkAgentNumber(id);
  const row = db.agent.insert({
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
  refuseOverflow(unit, id, bytesOfAgent(row));
  unit.addBytes(id, bytesOfAgent(row));
  const options = { credit: args.credit ?? 0, strict: args.strictPriority ?? false };
  const box = unit.addBox(emptyMailbox(id, args.name, sender, options));
  enterQueues(unit, box, args.capabilities ?? []);
  beginBroadcasts(unit, id);
  appendSystemEvent(unit, id, 'agent_registration', {
    agent_name: args.name,
    agent_id: Number(id),
    agent_type: args.agentType,
    capabilities: args.capabilities,
  });
}

/** Changes the given fields of an agent. */
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
  unit.markBoxChanged(box);
  const hasSameCapabilities = after.capabilities.join('\n') === row.capabilities.join('\n');
  const isUnchanged = after.agentType === row.agentType && after.metadata === row.metadata && hasSameCapabilities;
  // The second condition adds an agent that was registered by a version without work queues.
  if (!hasSameCapabilities || box.capabilities !== after.capabilities.length) {
    leaveQueues(unit, box);
    enterQueues(unit, box, after.capabilities);
  }
  fillCredit(unit, box);
  if (isUnchanged) return;
  const growth = bytesOfAgent(after) - bytesOfAgent(row);
  chargeAct(unit, box, growth);
  unit.addBytes(agent, growth);
  db.agent.id.update({ ...after, updatedAt: timestamp });
  appendSystemEvent(unit, agent, 'agent_update', {
    agent_name: row.name,
    agent_id: Number(agent),
    agent_type: after.agentType,
    capabilities: after.capabilities,
  });
}

/** Sets the status of an agent of the caller. An active one is offered deliveries of work queues. */
export function setStatus(unit: UnitOfWork, row: AgentRow, status: AgentStatus): void {
  if (row.status === status) return;
  const { db, timestamp } = unit.ctx;
  const box = unit.own(row.id);
  chargeAct(unit, box);
  db.agent.id.update({ ...row, status, updatedAt: timestamp });
  appendSystemEvent(unit, row.id, 'agent_update', { agent_name: row.name, agent_id: Number(row.id), status });
  box.isActive = status === 'active';
  unit.markBoxChanged(box);
  fillCredit(unit, box);
}

type AgentRow = NonNullable<ReturnType<Ctx['db']['agent']['id']['find']>>;
