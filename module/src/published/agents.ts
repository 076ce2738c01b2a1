// Agents come, change, and go.

import { t } from 'spacetimedb/server';
import { isOperator, isSame, ownAgent, readableMailbox, requireOwn } from '../access.ts';
import { attach, detach } from '../agent/presence.ts';
import { beat } from '../agent/pulse.ts';
import { checkChanges, register, update } from '../agent/register.ts';
import { checkName, checkStatus } from '../agent/rules.ts';
import { unregister } from '../agent/unregister.ts';
import { idle, isIdle } from '../agent/wake.ts';
import type { AgentStatus } from '../contract/words.ts';
import { appendSystemEvent } from '../event/append.ts';
import { recordAct } from '../event/record-act.ts';
import { fill } from '../message/deliver.ts';
import { refuse } from '../refuse.ts';
import { agora, type Ctx } from '../schema.ts';
import { asMember } from './call.ts';

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
    asMember(ctx, unit => {
      const existing = ctx.db.agent.name.find(args.name);
      if (!existing) return register(unit, args);
      if (!isSame(existing.owner, ctx.sender))
        refuse('agent/name-taken', `"${args.name}" is registered by another identity; choose another name`);
      update(unit, existing.id, args);
    });
  },
);

/** Changes what is given of an agent of the caller, and leaves the rest. */
export const updateAgent = agora.reducer({ agent: t.u64(), ...options }, (ctx, { agent, ...changes }) => {
  ownAgent(ctx, agent);
  checkChanges(changes);
  asMember(ctx, unit => update(unit, agent, changes));
});

/** Says how an agent of the caller is disposed: `active`, `busy`, `away` or `draining`. Only an active one is given work from queues. */
export const setStatus = agora.reducer({ agent: t.u64(), status: t.string() }, (ctx, { agent, status }) => {
  const row = ownAgent(ctx, agent);
  checkStatus(status);
  asMember(ctx, unit => {
    if (row.status === status) return;
    const box = unit.own(agent);
    ctx.db.agent.id.update({ ...row, status, updatedAt: ctx.timestamp });
    appendSystemEvent(unit, 'agent_update', { agent_name: row.name, agent_id: Number(agent), status });
    box.isActive = status === ('active' satisfies AgentStatus);
    unit.changed(box);
    fill(unit, box);
  });
});

/** Says that agents of the caller live, and will say so again within `withinMs` (0: a minute); silent for longer, they are stale. */
export const heartbeat = agora.reducer({ agents: t.array(t.u64()), withinMs: t.u32() }, (ctx, { agents, withinMs }) => {
  asMember(ctx, unit => {
    for (const agent of agents) beat(unit, agent, withinMs);
  });
});

/** Goes idle: refused while something was shown to the agent after `lastOffer`, or said to everyone after `lastBroadcast`. */
export const goIdle = agora.reducer(
  { agent: t.u64(), lastOffer: t.u64(), lastBroadcast: t.u64() },
  (ctx, { agent, lastOffer, lastBroadcast }) => {
    asMember(ctx, unit => idle(unit, agent, lastOffer, lastBroadcast));
  },
);

/** Binds an agent to the calling connection: it is online, and offered what waits. */
export const attachAgent = agora.reducer({ agent: t.u64() }, (ctx, { agent }) => {
  const connection = connectionOf(ctx);
  asMember(ctx, unit => attach(unit, agent, connection));
});

/** Lets go of an agent on the calling connection. */
export const detachAgent = agora.reducer({ agent: t.u64() }, (ctx, { agent }) => {
  ownAgent(ctx, agent);
  const connection = connectionOf(ctx);
  asMember(ctx, unit => detach(unit, agent, connection));
});

/** Unregisters an agent immediately; its queue is swept in chunks. For its owner, and for operators. */
export const unregisterAgent = agora.reducer({ agent: t.u64() }, (ctx, { agent }) => {
  const found = ctx.db.agent.id.find(agent);
  const row = found && isOperator(ctx.db, ctx.sender) ? found : requireOwn(found, agent, ctx.sender);
  asMember(ctx, unit => {
    if (!unregister(unit, row)) return;
    if (!isSame(row.owner, ctx.sender)) recordAct(unit, 'unregister', { agent: Number(agent) });
  });
});

const Wake = t.object('WakeState', { isIdle: t.bool(), lastOffer: t.u64(), lastBroadcast: t.u64() });

/** Whether an agent of the caller is idle, and the numbers of what it was shown last. */
export const wakeState = agora.procedure({ agent: t.u64() }, Wake, (ctx, { agent }) =>
  ctx.withTx(tx => {
    const box = readableMailbox(tx, agent);
    const lastBroadcast = tx.db.logHead.log.find('broadcast')?.last ?? 0n;
    return { isIdle: isIdle(tx.db, box), lastOffer: box.offers, lastBroadcast };
  }),
);

function connectionOf(ctx: Ctx) {
  return ctx.connectionId ?? refuse('agent/not-attached', 'this call has no connection to attach to');
}
