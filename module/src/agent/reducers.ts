// Agents come, change, and go.

import { t } from 'spacetimedb/server';
import { isOperator, isSame, ownAgent, requireOwn } from '../access.ts';
import { LIMITS } from '../contract/limits.ts';
import type { AgentStatus, Presence } from '../contract/words.ts';
import { asMember, emptyMailbox, withDesk, type Desk } from '../desk.ts';
import { appendSystemEvent } from '../event/publish.ts';
import { leaveAll } from '../group/members.ts';
import { beginBroadcasts, endBroadcasts } from '../message/broadcast.ts';
import { fill } from '../message/deliver.ts';
import { enterQueues, leaveQueues } from '../message/queue.ts';
import { buryOffers } from '../message/sweep.ts';
import { recordAct } from '../operator/record.ts';
import { refuse } from '../refuse.ts';
import { agora, type Ctx } from '../schema.ts';
import { remember } from '../time/due.ts';
import { attach, detach, detachAll } from './presence.ts';
import { beat } from './pulse.ts';
import { checkAgentType, checkCapabilities, checkCredit, checkMetadata, checkName, checkStatus } from './rules.ts';
import { idle } from './wake.ts';

/** What may change about an agent; undefined leaves it. */
interface Changes {
  readonly agentType?: string | undefined;
  readonly capabilities?: string[] | undefined;
  readonly metadata?: string | undefined;
  readonly credit?: number | undefined;
  readonly strictPriority?: boolean | undefined;
}

const options = {
  agentType: t.option(t.string()),
  capabilities: t.option(t.array(t.string())),
  metadata: t.option(t.string()),
  credit: t.option(t.u32()),
  strictPriority: t.option(t.bool()),
};

/** Registers an agent of the caller; one that it owns already is updated. */
export const registerAgent = agora.reducer(
  {
    name: t.string(),
    agentType: t.string(),
    capabilities: t.array(t.string()),
    metadata: t.string(),
    credit: t.u32(),
    strictPriority: t.bool(),
  },
  (ctx, args) => {
    checkName(args.name);
    checkChanges(args);
    asMember(ctx, desk => {
      const existing = ctx.db.agent.name.find(args.name);
      if (!existing) return create(desk, args);
      if (!isSame(existing.owner, ctx.sender))
        refuse('agent/name-taken', `"${args.name}" is registered by another identity; choose another name`);
      change(desk, existing.id, args);
    });
  },
);

/** Changes what is given of an agent of the caller, and leaves the rest. */
export const updateAgent = agora.reducer({ agent: t.u64(), ...options }, (ctx, { agent, ...changes }) => {
  ownAgent(ctx, agent);
  checkChanges(changes);
  asMember(ctx, desk => change(desk, agent, changes));
});

/** Says how an agent of the caller is disposed: `active`, `busy`, `away` or `draining`. Only an active one is given work from queues. */
export const setStatus = agora.reducer({ agent: t.u64(), status: t.string() }, (ctx, { agent, status }) => {
  const row = ownAgent(ctx, agent);
  checkStatus(status);
  asMember(ctx, desk => {
    if (row.status === status) return;
    const box = desk.own(agent);
    ctx.db.agent.id.update({ ...row, status, updatedAt: ctx.timestamp });
    appendSystemEvent(desk, 'agent_update', { agent_name: row.name, agent_id: Number(agent), status });
    box.isActive = status === ('active' satisfies AgentStatus);
    desk.changed(box);
    fill(desk, box);
  });
});

/** Says that agents of the caller live, and will say so again within `withinMs` (0: a minute); silent for longer, they are stale. */
export const heartbeat = agora.reducer({ agents: t.array(t.u64()), withinMs: t.u32() }, (ctx, { agents, withinMs }) => {
  asMember(ctx, desk => {
    for (const agent of agents) beat(desk, agent, withinMs);
  });
});

/** Goes idle: refused while something was shown to the agent after `lastOffer`, or said to everyone after `lastBroadcast`. */
export const goIdle = agora.reducer(
  { agent: t.u64(), lastOffer: t.u64(), lastBroadcast: t.u64() },
  (ctx, { agent, lastOffer, lastBroadcast }) => {
    asMember(ctx, desk => idle(desk, agent, lastOffer, lastBroadcast));
  },
);

/** Binds an agent to the calling connection: it is online, and offered what waits. */
export const attachAgent = agora.reducer({ agent: t.u64() }, (ctx, { agent }) => {
  const connection = connectionOf(ctx);
  asMember(ctx, desk => attach(desk, agent, connection));
});

/** Lets go of an agent on the calling connection. */
export const detachAgent = agora.reducer({ agent: t.u64() }, (ctx, { agent }) => {
  ownAgent(ctx, agent);
  const connection = connectionOf(ctx);
  asMember(ctx, desk => detach(desk, agent, connection));
});

/** The agent is gone at once; its queue is swept in chunks. For its owner, and for operators. */
export const unregisterAgent = agora.reducer({ agent: t.u64() }, (ctx, { agent }) => {
  const found = ctx.db.agent.id.find(agent);
  const row = found && isOperator(ctx.db, ctx.sender) ? found : requireOwn(found, agent, ctx.sender);
  asMember(ctx, desk => {
    const box = desk.box(agent);
    if (!box) return;
    // From here on it is offered nothing more.
    box.online = false;
    leaveQueues(desk, box);
    buryOffers(desk, box, 'its agent was unregistered');
    const lanes = JSON.stringify({ heads: box.heads.map(String), tails: box.tails.map(String) });
    desk.removeBox(box);
    ctx.db.agent.id.delete(agent);
    ctx.db.attachment.agent.delete(agent);
    ctx.db.pulse.agent.delete(agent);
    ctx.db.quota.agent.delete(agent);
    endBroadcasts(desk, agent);
    leaveAll(desk, agent);
    if (box.waiting > 0) remember(desk, desk.now, 'gone', agent, lanes);
    appendSystemEvent(desk, 'agent_unregistered', { agent_name: row.name, agent_id: Number(agent) });
    if (!isSame(row.owner, ctx.sender)) recordAct(desk, 'unregister', { agent: Number(agent) });
  });
});

/** Who is connected is nobody's business until an agent is attached, so connecting writes nothing. */
export const onDisconnect = agora.clientDisconnected(ctx => {
  const connection = ctx.connectionId;
  if (connection) withDesk(ctx, desk => detachAll(desk, connection));
});

function checkChanges(changes: Changes): void {
  if (changes.agentType !== undefined) checkAgentType(changes.agentType);
  if (changes.capabilities !== undefined) checkCapabilities(changes.capabilities);
  if (changes.metadata !== undefined) checkMetadata(changes.metadata);
  if (changes.credit !== undefined) checkCredit(changes.credit);
}

function create(desk: Desk, args: Required<Changes> & { readonly name: string }): void {
  const { db, sender, timestamp } = desk.ctx;
  // The agents of the caller: at most as many as are allowed.
  const owned = [...db.agent.owner.filter(sender)].length;
  if (owned >= LIMITS.agentsPerIdentity)
    refuse('agent/too-many', `one identity may own ${LIMITS.agentsPerIdentity} agents`);
  const id = desk.nextNumber('agent');
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
  const box = desk.addBox(emptyMailbox(id, args.name, sender, options));
  enterQueues(desk, box, args.capabilities ?? []);
  beginBroadcasts(desk, id);
  appendSystemEvent(desk, 'agent_registration', {
    agent_name: args.name,
    agent_id: Number(id),
    agent_type: args.agentType,
    capabilities: args.capabilities,
  });
}

function change(desk: Desk, agent: bigint, changes: Changes): void {
  const { db, timestamp } = desk.ctx;
  const row = db.agent.id.find(agent);
  const box = desk.box(agent);
  if (!row || !box) return;
  const after = {
    ...row,
    agentType: changes.agentType ?? row.agentType,
    capabilities: changes.capabilities ?? row.capabilities,
    metadata: changes.metadata ?? row.metadata,
  };
  box.credit = changes.credit === undefined ? box.credit : changes.credit || LIMITS.defaultCredit;
  box.strict = changes.strictPriority ?? box.strict;
  desk.changed(box);
  const isCapable = after.capabilities.join('\n') === row.capabilities.join('\n');
  const isSame = after.agentType === row.agentType && after.metadata === row.metadata && isCapable;
  // An agent that was registered before there were work queues is entered in them now.
  if (!isCapable || box.capabilities !== after.capabilities.length) {
    leaveQueues(desk, box);
    enterQueues(desk, box, after.capabilities);
  }
  fill(desk, box);
  if (isSame) return;
  db.agent.id.update({ ...after, updatedAt: timestamp });
  appendSystemEvent(desk, 'agent_update', {
    agent_name: row.name,
    agent_id: Number(agent),
    agent_type: after.agentType,
    capabilities: after.capabilities,
  });
}

function connectionOf(ctx: Ctx) {
  return ctx.connectionId ?? refuse('agent/not-attached', 'this call has no connection to attach to');
}
