// Agents: register, change, attach, heartbeat, go idle, unregister.

import { t } from 'spacetimedb/server';
import { isOperator, isSame, ownAgent, readableMailbox, requireAdmitted, requireOwn } from '../access.ts';
import { agentsAfter } from '../agent/agent-page.ts';
import { attach, declareConcurrency as recordConcurrency, detach } from '../agent/presence.ts';
import { beat } from '../agent/pulse.ts';
import { checkChanges, register, setStatus as writeStatus, update } from '../agent/register.ts';
import { checkName, checkStatus } from '../agent/rules.ts';
import { unregister } from '../agent/unregister.ts';
import { goIdle as setIdle, isIdle } from '../agent/wake.ts';
import { checkPage } from '../checks.ts';
import { LIMITS } from '../contract/limits.ts';
import { recordAct } from '../event/append.ts';
import { refuse } from '../refuse.ts';
import { agora, type Ctx } from '../schema.ts';
import { agent } from '../tables/agent.ts';
import { asMember } from './call.ts';

const options = {
  agentType: t.option(t.string()),
  capabilities: t.option(t.array(t.string())),
  metadata: t.option(t.string()),
  credit: t.option(t.u32()),
  strictPriority: t.option(t.bool()),
};

/** Registers an agent of the caller, or updates the one that the caller already has under this name. */
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
    asMember(ctx, unit => register(unit, args));
  },
);

/** Changes the given fields of an agent of the caller. */
export const updateAgent = agora.reducer({ agent: t.u64(), ...options }, (ctx, { agent, ...changes }) => {
  ownAgent(ctx, agent);
  checkChanges(changes);
  asMember(ctx, unit => update(unit, agent, changes));
});

/** Sets the status of an agent of the caller: `active`, `busy`, `away` or `draining`. Only an active one is offered work of queues. */
export const setStatus = agora.reducer({ agent: t.u64(), status: t.string() }, (ctx, { agent, status }) => {
  const row = ownAgent(ctx, agent);
  checkStatus(status);
  asMember(ctx, unit => writeStatus(unit, row, status));
});

/** Records a heartbeat of agents of the caller. They are stale if the next is not sent within `withinMs` (0: a minute). */
export const heartbeat = agora.reducer({ agents: t.array(t.u64()), withinMs: t.u32() }, (ctx, { agents, withinMs }) => {
  if (agents.length > LIMITS.agentsPerIdentity) {
    refuse('agent/too-many', `a heartbeat names at most ${LIMITS.agentsPerIdentity} agents`);
  }
  asMember(ctx, unit => {
    for (const agent of agents) beat(unit, agent, withinMs);
  });
});

/** Sets an agent idle. Refused if an offer came after `lastOffer`, or a broadcast after `lastBroadcast`. */
export const goIdle = agora.reducer(
  { agent: t.u64(), lastOffer: t.u64(), lastBroadcast: t.u64() },
  (ctx, { agent, lastOffer, lastBroadcast }) => {
    asMember(ctx, unit => setIdle(unit, agent, lastOffer, lastBroadcast));
  },
);

/** Attaches an agent to the calling connection: it is online, and is offered waiting deliveries. */
export const attachAgent = agora.reducer({ agent: t.u64() }, (ctx, { agent }) => {
  const connection = connectionOf(ctx);
  asMember(ctx, unit => attach(unit, agent, connection));
});

const HeldDelivery = t.object('HeldDelivery', { delivery: t.u64(), attempt: t.u32() });

/**
 * As `attachAgent`, by a process that reports its state. If it is new, what an earlier process held when it ended is a new attempt.
 * If it returns after the loss of its connection, it keeps the deliveries that it names, as far as no other agent was offered
 * them. `concurrency` is how many it handles at a time, 0 if it does not know.
 */
export const attachProcess = agora.reducer(
  { agent: t.u64(), isNew: t.bool(), holds: t.array(HeldDelivery), concurrency: t.u32() },
  (ctx, { agent, ...process }) => {
    const connection = connectionOf(ctx);
    asMember(ctx, unit => attach(unit, agent, connection, process));
  },
);

/** Records how many deliveries an agent of the caller handles at a time (0: unknown). Those beyond, in order, were not begun. */
export const declareConcurrency = agora.reducer(
  { agent: t.u64(), concurrency: t.u32() },
  (ctx, { agent, concurrency }) => {
    asMember(ctx, unit => recordConcurrency(unit, agent, concurrency));
  },
);

/** Detaches an agent from the calling connection. */
export const detachAgent = agora.reducer({ agent: t.u64() }, (ctx, { agent }) => {
  ownAgent(ctx, agent);
  const connection = connectionOf(ctx);
  asMember(ctx, unit => detach(unit, agent, connection));
});

/** Unregisters an agent immediately; its queued deliveries end in chunks. For its owner, and for operators. */
export const unregisterAgent = agora.reducer({ agent: t.u64() }, (ctx, { agent }) => {
  const found = ctx.db.agent.id.find(agent);
  const row = found && isOperator(ctx.db, ctx.sender) ? found : requireOwn(found, agent, ctx.sender);
  asMember(ctx, unit => {
    if (!unregister(unit, row)) return;
    if (!isSame(row.owner, ctx.sender)) recordAct(unit, 'unregister', { agent: Number(agent) });
  });
});

const Wake = t.object('WakeState', { isIdle: t.bool(), lastOffer: t.u64(), lastBroadcast: t.u64() });

/** Returns whether an agent of the caller is idle, and the numbers of its last offer and the last broadcast. */
export const wakeState = agora.procedure({ agent: t.u64() }, Wake, (ctx, { agent }) =>
  ctx.withTx(tx => {
    const box = readableMailbox(tx, agent);
    const lastBroadcast = tx.db.logHead.log.find('broadcast')?.last ?? 0n;
    return { isIdle: isIdle(tx.db, box), lastOffer: box.offers, lastBroadcast };
  }),
);

const AgentLoad = t.object('AgentLoad', { agent: t.u64(), held: t.u32(), waiting: t.u32() });
const AgentPage = t.object('AgentPage', {
  rows: t.array(agent.rowType),
  /** Of those rows that the caller owns, or all for an operator. */
  loads: t.array(AgentLoad),
  /** The `after` of the next page; 0 if there is none. */
  next: t.u64(),
});

/**
 * Returns agents after a number. `text` is a part of the name, the type or an `@capability`, `owner` an identity in hexadecimal;
 * "" means any. A page may have few rows, or none, and not be the last.
 */
export const listAgents = agora.procedure(
  { after: t.u64(), limit: t.u32(), text: t.string(), presence: t.string(), owner: t.string() },
  AgentPage,
  (ctx, { after, limit, ...filter }) => {
    checkPage(limit);
    return ctx.withTx(tx => {
      requireAdmitted(tx);
      const { rows, next } = agentsAfter(tx.db, after, limit, filter);
      const isAll = isOperator(tx.db, tx.sender);
      const loads = rows.flatMap(row => {
        const box = isAll || isSame(row.owner, tx.sender) ? tx.db.mailbox.agent.find(row.id) : undefined;
        return box ? [{ agent: row.id, held: box.held, waiting: box.waiting }] : [];
      });
      return { rows, loads, next };
    });
  },
);

function connectionOf(ctx: Ctx) {
  return (
    ctx.connectionId ??
    refuse('agent/not-attached', 'this call has no connection; attach an agent over a WebSocket connection')
  );
}
