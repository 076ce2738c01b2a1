// What is said to everyone is one row that everyone follows; each agent has a durable cursor over them.

import { LIMITS } from '../contract.ts';
import type { Desk, Mailbox } from '../desk.ts';
import { refuse } from '../refuse.ts';
import type { Ctx } from '../schema.ts';
import { envelopeOf, type Message } from './envelope.ts';

/** Shows a broadcast to everyone. Its sender has handled it. */
export function announce(desk: Desk, sender: Mailbox, message: Message): void {
  // Everyone follows the same row, so there is nobody who could ask for the payload by a delivery of its own.
  const envelope = envelopeOf(message, LIMITS.payloadBytes);
  const { broadcast: seq, priority } = message;
  const { db } = desk.ctx;
  db.broadcastLog.insert({ seq, message: message.id, sender: sender.agent, priority, envelope, at: desk.now });
  db.broadcastFeed.insert({ seq, sender: sender.agent, priority, envelope });
  markHandled(desk, sender.agent, seq);
}

/** A cursor for a new agent: it hears what is said from now on. */
export function beginBroadcasts(desk: Desk, agent: bigint): void {
  const head = desk.lastNumber('broadcast');
  desk.ctx.db.broadcastCursor.insert({ agent, since: head, handled: head });
}

/** The agent has handled a broadcast. Saying it again does nothing. */
export function acknowledgeBroadcast(desk: Desk, act: { readonly agent: bigint; readonly seq: bigint }): void {
  desk.own(act.agent);
  if (act.seq < 1n || act.seq > desk.lastNumber('broadcast')) {
    refuse('broadcast/unknown', `there is no broadcast ${act.seq}`);
  }
  markHandled(desk, act.agent, act.seq);
}

function markHandled(desk: Desk, agent: bigint, seq: bigint): void {
  const { broadcastCursor, broadcastHandled } = desk.ctx.db;
  const cursor = broadcastCursor.agent.find(agent);
  if (!cursor || seq <= cursor.handled) return;
  if (seq > cursor.handled + 1n) {
    if (isHandled(desk.ctx.db, agent, seq)) return;
    broadcastHandled.insert({ id: 0n, agent, seq });
    return;
  }
  // Each round takes one row that an earlier call put there, so the work was paid for.
  let handled = seq;
  while (broadcastHandled.byAgentSeq.delete([agent, handled + 1n]) > 0) handled++;
  broadcastCursor.agent.update({ ...cursor, handled });
}

/** Whether an agent has handled a broadcast that lies beyond its cursor. */
export function isHandled(db: Pick<Ctx['db'], 'broadcastHandled'>, agent: bigint, seq: bigint): boolean {
  for (const _ of db.broadcastHandled.byAgentSeq.filter([agent, seq])) return true; // a full key: one row at most
  return false;
}

/** Forgets the cursor of an agent that is gone. Its exceptions are as many as it handled out of order. */
export function endBroadcasts(desk: Desk, agent: bigint): void {
  desk.ctx.db.broadcastCursor.agent.delete(agent);
  desk.ctx.db.broadcastHandled.agent.delete(agent);
}
