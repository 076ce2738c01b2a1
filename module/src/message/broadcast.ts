// What is said to everyone is one row that everyone follows; each agent has a durable cursor over them.

import { LIMITS } from '../contract/limits.ts';
import { refuse } from '../refuse.ts';
import type { Ctx } from '../schema.ts';
import { schedule } from '../time/schedule.ts';
import type { Mailbox, UnitOfWork } from '../unit-of-work.ts';
import { addDeadLetter } from './dead.ts';
import { envelopeOf, type Message } from './envelope.ts';
import { isLastAttempt } from './rules.ts';

/** Says a message to everyone: now, or when its delay is over. */
export function announce(unit: UnitOfWork, sender: Mailbox, message: Message): void {
  if (message.delayMs > 0n) schedule(unit, unit.now + message.delayMs * 1000n, 'announce', 0n, message.id);
  else show(unit, sender, message);
}

/** The delay of a broadcast is over. One whose sender is gone meanwhile is said all the same. */
export function announceDelayed(unit: UnitOfWork, id: string): void {
  const message = unit.ctx.db.message.id.find(id);
  if (!message || message.broadcast !== 0n) return;
  show(unit, unit.box(message.sender), message);
  unit.ctx.db.message.id.update(message);
}

/** Shows a broadcast to everyone, under the next number. Its sender has handled it. */
function show(unit: UnitOfWork, sender: Mailbox | undefined, message: Message): void {
  // Everyone follows the same row, so there is nobody who could ask for the payload by a delivery of its own.
  const envelope = envelopeOf(message, LIMITS.payloadBytes);
  const seq = unit.nextNumber('broadcast');
  message.broadcast = seq;
  const { priority, sender: agent } = message;
  const { db } = unit.ctx;
  db.broadcastLog.insert({ seq, message: message.id, sender: agent, priority, envelope, at: unit.now });
  db.broadcastFeed.insert({ seq, sender: agent, priority, envelope });
  if (sender) markHandled(unit, agent, seq);
}

/** The time to live of a broadcast is over: its place stays, so that cursors move over it, but there is nothing to handle. */
export function expireBroadcast(unit: UnitOfWork, seq: bigint): void {
  const { broadcastLog } = unit.ctx.db;
  const row = broadcastLog.seq.find(seq);
  if (row) broadcastLog.seq.update({ ...row, envelope: '' });
}

/** A cursor for a new agent: it hears what is said from now on. */
export function beginBroadcasts(unit: UnitOfWork, agent: bigint): void {
  const head = unit.lastNumber('broadcast');
  unit.ctx.db.broadcastCursor.insert({ agent, since: head, handled: head });
}

/** The agent has handled a broadcast. Saying it again does nothing. */
export function acknowledgeBroadcast(unit: UnitOfWork, act: { readonly agent: bigint; readonly seq: bigint }): void {
  unit.own(act.agent);
  checkNumber(unit, act.seq);
  checkWindow(unit, act.agent, act.seq);
  markHandled(unit, act.agent, act.seq);
  forgetFailure(unit, act.agent, act.seq);
}

/**
 * The agent has failed a broadcast: it is shown to it again until its last attempt, and counts as dead for this agent then,
 * or as failed if it is not to be tried again. The other agents have nothing to do with that.
 */
export function failBroadcast(
  unit: UnitOfWork,
  act: {
    readonly agent: bigint;
    readonly seq: bigint;
    readonly attempt: number;
    readonly reason: string;
    readonly retry: boolean;
  },
): void {
  const { broadcastFailure, broadcastCursor, broadcastLog } = unit.ctx.db;
  unit.own(act.agent);
  checkNumber(unit, act.seq);
  const cursor = broadcastCursor.agent.find(act.agent);
  if (!cursor) return;
  const earlier = failureOf(unit.ctx.db, act.agent, act.seq);
  if (earlier?.attempt === act.attempt) return;
  checkWindow(unit, act.agent, act.seq);
  if (act.seq <= cursor.handled || isHandled(unit.ctx.db, act.agent, act.seq)) {
    refuse('delivery/ended', `broadcast ${act.seq} is handled already`);
  }
  if (act.attempt !== (earlier?.attempt ?? 0) + 1) {
    refuse('broadcast/stale-attempt', `broadcast ${act.seq} is at attempt ${(earlier?.attempt ?? 0) + 1}`);
  }
  const isDead = act.retry && isLastAttempt(act.attempt);
  const state = !act.retry ? 'failed' : isDead ? 'dead' : 'retry';
  const row = {
    id: earlier?.id ?? 0n,
    agent: act.agent,
    seq: act.seq,
    attempt: act.attempt,
    state,
    reason: act.reason.slice(0, LIMITS.reasonLength),
    at: unit.now,
  };
  if (earlier) broadcastFailure.id.update(row);
  else broadcastFailure.insert(row);
  if (state === 'retry') return;
  markHandled(unit, act.agent, act.seq);
  const said = broadcastLog.seq.find(act.seq);
  const message = said && unit.ctx.db.message.id.find(said.message);
  if (isDead && message) addDeadLetter(unit, { delivery: 0n, agent: act.agent }, message, row.reason);
}

/** How an agent failed a broadcast, if it did. */
export function failureOf(db: Pick<Ctx['db'], 'broadcastFailure'>, agent: bigint, seq: bigint) {
  for (const row of db.broadcastFailure.byAgentSeq.filter([agent, seq])) return row; // a full key: one row at most
  return undefined;
}

function forgetFailure(unit: UnitOfWork, agent: bigint, seq: bigint): void {
  unit.ctx.db.broadcastFailure.byAgentSeq.delete([agent, seq]);
}

function checkNumber(unit: UnitOfWork, seq: bigint): void {
  if (seq < 1n || seq > unit.lastNumber('broadcast')) refuse('broadcast/unknown', `there is no broadcast ${seq}`);
}

/** What is handled out of order is remembered one by one, so there is an end to it. */
function checkWindow(unit: UnitOfWork, agent: bigint, seq: bigint): void {
  const from = cursorOf(unit, agent)?.handled ?? 0n;
  if (seq <= from + BigInt(LIMITS.broadcastWindow)) return;
  refuse('broadcast/too-far-ahead', `broadcast ${from + 1n} is not handled yet; handle it, or fail it, before ${seq}`);
}

function markHandled(unit: UnitOfWork, agent: bigint, seq: bigint): void {
  const { broadcastCursor, broadcastHandled } = unit.ctx.db;
  const cursor = cursorOf(unit, agent);
  if (!cursor || seq <= cursor.handled) return;
  if (seq > cursor.handled + 1n) {
    if (!isHandled(unit.ctx.db, agent, seq)) broadcastHandled.insert({ id: 0n, agent, seq });
    return;
  }
  // Each round takes one row that an earlier call put there, so the work was paid for.
  let handled = seq;
  while (broadcastHandled.byAgentSeq.delete([agent, handled + 1n]) > 0) handled++;
  broadcastCursor.agent.update({ ...cursor, handled });
}

/** The cursor of an agent. What is kept no longer need not be handled: the cursor moves over it. */
function cursorOf(unit: UnitOfWork, agent: bigint) {
  const { broadcastCursor, broadcastHandled, broadcastFailure } = unit.ctx.db;
  const cursor = broadcastCursor.agent.find(agent);
  const before = unit.firstNumber('broadcast') - 1n;
  if (!cursor || cursor.handled >= before) return cursor;
  // At most as many as the window is long.
  for (const row of [...broadcastHandled.agent.filter(agent)]) {
    if (row.seq <= before) broadcastHandled.id.delete(row.id);
  }
  for (const row of [...broadcastFailure.agent.filter(agent)]) {
    if (row.seq <= before) broadcastFailure.id.delete(row.id);
  }
  let handled = before;
  while (broadcastHandled.byAgentSeq.delete([agent, handled + 1n]) > 0) handled++;
  const moved = { ...cursor, handled };
  broadcastCursor.agent.update(moved);
  return moved;
}

/** Whether an agent has handled a broadcast that lies beyond its cursor. */
export function isHandled(db: Pick<Ctx['db'], 'broadcastHandled'>, agent: bigint, seq: bigint): boolean {
  for (const _ of db.broadcastHandled.byAgentSeq.filter([agent, seq])) return true; // a full key: one row at most
  return false;
}

/** Forgets the cursor of an agent that is gone. Its exceptions are as many as it handled out of order. */
export function endBroadcasts(unit: UnitOfWork, agent: bigint): void {
  unit.ctx.db.broadcastCursor.agent.delete(agent);
  unit.ctx.db.broadcastHandled.agent.delete(agent);
  unit.ctx.db.broadcastFailure.agent.delete(agent);
}
