// Agents come, change, and go.

import { t } from 'spacetimedb/server';
import { isSame, ownAgent } from '../access.ts';
import { LIMITS, type Presence } from '../contract.ts';
import { emptyMailbox, withDesk, type Desk } from '../desk.ts';
import { appendSystemEvent } from '../event/publish.ts';
import { beginBroadcasts, endBroadcasts } from '../message/broadcast.ts';
import { fill } from '../message/deliver.ts';
import { buryOffers } from '../message/settle.ts';
import { refuse } from '../refuse.ts';
import { agora, type Ctx } from '../schema.ts';
import { remember } from '../time/due.ts';
import { attach, detach, detachAll } from './presence.ts';
import { checkAgentType, checkCapabilities, checkCredit, checkMetadata, checkName, checkStatus } from './rules.ts';

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
    withDesk(ctx, desk => {
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
  withDesk(ctx, desk => change(desk, agent, changes));
});

/** Says how an agent of the caller is disposed: `active`, `busy`, `away` or `draining`. */
export const setStatus = agora.reducer({ agent: t.u64(), status: t.string() }, (ctx, { agent, status }) => {
  const row = ownAgent(ctx, agent);
  checkStatus(status);
  if (row.status === status) return;
  withDesk(ctx, desk => {
    ctx.db.agent.id.update({ ...row, status, updatedAt: ctx.timestamp });
    appendSystemEvent(desk, 'agent_update', { agent_name: row.name, agent_id: Number(agent), status });
  });
});

/** Says that agents of the caller live. */
export const heartbeat = agora.reducer({ agents: t.array(t.u64()) }, (ctx, { agents }) => {
  const at = ctx.timestamp.microsSinceUnixEpoch;
  for (const agent of agents) {
    ownAgent(ctx, agent);
    if (ctx.db.pulse.agent.find(agent)) ctx.db.pulse.agent.update({ agent, at });
    else ctx.db.pulse.insert({ agent, at });
  }
});

/** Binds an agent to the calling connection: it is online, and offered what waits. */
export const attachAgent = agora.reducer({ agent: t.u64() }, (ctx, { agent }) => {
  const connection = connectionOf(ctx);
  withDesk(ctx, desk => attach(desk, agent, connection));
});

/** Lets go of an agent on the calling connection. */
export const detachAgent = agora.reducer({ agent: t.u64() }, (ctx, { agent }) => {
  ownAgent(ctx, agent);
  const connection = connectionOf(ctx);
  withDesk(ctx, desk => detach(desk, agent, connection));
});

/** The agent is gone at once; its queue is swept in chunks. */
export const unregisterAgent = agora.reducer({ agent: t.u64() }, (ctx, { agent }) => {
  const row = ownAgent(ctx, agent);
  withDesk(ctx, desk => {
    const box = desk.own(agent);
    const lanes = JSON.stringify({ heads: box.heads.map(String), tails: box.tails.map(String) });
    desk.removeBox(box);
    ctx.db.agent.id.delete(agent);
    ctx.db.agentCapability.agent.delete(agent);
    ctx.db.attachment.agent.delete(agent);
    ctx.db.pulse.agent.delete(agent);
    endBroadcasts(desk, agent);
    buryOffers(desk, box, 'its agent was unregistered');
    if (box.waiting > 0) remember(desk, desk.now, 'gone', agent, lanes);
    appendSystemEvent(desk, 'agent_unregistered', { agent_name: row.name, agent_id: Number(agent) });
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
  for (const capability of args.capabilities ?? []) db.agentCapability.insert({ id: 0n, capability, agent: id });
  desk.addBox(emptyMailbox(id, args.name, sender, { credit: args.credit ?? 0, strict: args.strictPriority ?? false }));
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
  fill(desk, box);
  const isSame =
    after.agentType === row.agentType &&
    after.metadata === row.metadata &&
    after.capabilities.join('\n') === row.capabilities.join('\n');
  if (isSame) return;
  db.agent.id.update({ ...after, updatedAt: timestamp });
  db.agentCapability.agent.delete(agent);
  for (const capability of after.capabilities) db.agentCapability.insert({ id: 0n, capability, agent });
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
