// A broadcast is one row that all agents follow. Each agent has a durable cursor, and rows for its exceptions beyond it.

import { LIMITS, ROW_BYTES } from '../contract/limits.ts';
import type { Mailbox } from '../mailbox.ts';
import { toMicros } from '../micros.ts';
import { refuse } from '../refuse.ts';
import type { Ctx } from '../schema.ts';
import { schedule } from '../time/schedule.ts';
import { byteLength } from '../text.ts';
import type { UnitOfWork } from '../unit-of-work.ts';
import { addDeadLetter } from './dead-letter.ts';
import { envelopeOf, type Message } from './envelope.ts';
import { isLastAttempt } from './rules.ts';

/** Publishes a broadcast, immediately or after its delay. */
export function sendBroadcast(unit: UnitOfWork, sender: Mailbox, message: Message): void {
  if (message.delayMs > 0n)
    schedule(unit, unit.now + toMicros(message.delayMs), 'broadcast', 0n, message.id, sender.agent);
  else publishBroadcast(unit, sender, message);
}

/** Publishes a broadcast after its delay, also if its sender was unregistered since then. */
export function sendDelayedBroadcast(unit: UnitOfWork, id: string): void {
  const message = unit.ctx.db.message.id.find(id);
  if (!message || message.broadcast !== 0n) return;
  publishBroadcast(unit, unit.box(message.sender), message);
  unit.ctx.db.message.id.update(message);
}

/** The number of a broadcast that was cancelled before its delay had passed. */
const CANCELLED = (1n << 64n) - 1n;

/** Returns true if a broadcast was published, under its number. */
export function isPublished({ broadcast }: Pick<Message, 'broadcast'>): boolean {
  return broadcast !== 0n && broadcast !== CANCELLED;
}

/** Cancels a broadcast whose delay has not passed; idempotent. Returns false if it was published. */
export function cancelDelayedBroadcast(unit: UnitOfWork, message: Message): boolean {
  if (isPublished(message)) return false;
  unit.ctx.db.message.id.update({ ...message, broadcast: CANCELLED });
  return true;
}

/** Publishes a broadcast under the next number. For its sender it counts as handled. */
function publishBroadcast(unit: UnitOfWork, sender: Mailbox | undefined, message: Message): void {
  // A broadcast has no deliveries by which a payload could be read, so the envelope contains it at any size.
  const envelope = envelopeOf(message, LIMITS.payloadBytes);
  const seq = unit.nextNumber('broadcast');
  message.broadcast = seq;
  const { priority, sender: agent } = message;
  const { db } = unit.ctx;
  db.broadcastLog.insert({ seq, message: message.id, sender: agent, priority, envelope, at: unit.now });
  unit.addBytes(agent, bytesOfBroadcast({ envelope }));
  db.broadcastFeed.insert({ seq, sender: agent, priority, envelope });
  if (sender) withCursor(unit, agent, cursor => markHandled(unit, cursor, seq));
}

/** Empties a broadcast whose time to live has passed. The row stays, so that cursors move over it. */
export function expireBroadcast(unit: UnitOfWork, seq: bigint): void {
  const { broadcastLog } = unit.ctx.db;
  const row = broadcastLog.seq.find(seq);
  if (!row) return;
  const emptied = { ...row, envelope: '' };
  broadcastLog.seq.update(emptied);
  unit.addBytes(row.sender, bytesOfBroadcast(emptied) - bytesOfBroadcast(row));
}

/** Returns the bytes that a kept broadcast counts, besides its message. */
export function bytesOfBroadcast({ envelope }: { readonly envelope: string }): number {
  return ROW_BYTES.broadcast + byteLength(envelope);
}

/** The cursor of an agent: mutate in place inside of `withCursor`. */
type Cursor = NonNullable<ReturnType<Ctx['db']['broadcastCursor']['agent']['find']>>;

/** Runs `work` on the cursor of an agent, which is read once, moved over broadcasts that are no longer kept, and written if it changed. */
function withCursor(unit: UnitOfWork, agent: bigint, work: (cursor: Cursor) => void): void {
  const { broadcastCursor } = unit.ctx.db;
  const stored = broadcastCursor.agent.find(agent);
  if (!stored) return;
  const cursor = { ...stored };
  skipDeleted(unit, cursor);
  work(cursor);
  if (cursor.handled !== stored.handled || cursor.marks !== stored.marks) broadcastCursor.agent.update(cursor);
}

/** Counts rows of broadcasts that an agent handled out of order, or failed; negative after a deletion. */
function countMarks(unit: UnitOfWork, cursor: Cursor, rows: number): void {
  cursor.marks += rows;
  unit.addBytes(cursor.agent, rows * ROW_BYTES.broadcastMark);
}

/** Creates the cursor of a new agent: it receives the broadcasts from now on. */
export function beginBroadcasts(unit: UnitOfWork, agent: bigint): void {
  const head = unit.lastNumber('broadcast');
  unit.ctx.db.broadcastCursor.insert({ agent, since: head, handled: head, marks: 0 });
}

/** Records that the agent has handled a broadcast. Idempotent. */
export function acknowledgeBroadcast(unit: UnitOfWork, act: { readonly agent: bigint; readonly seq: bigint }): void {
  unit.own(act.agent);
  checkNumber(unit, act.seq);
  withCursor(unit, act.agent, cursor => {
    checkWindow(cursor, act.seq);
    markHandled(unit, cursor, act.seq);
    if (cursor.marks > 0)
      countMarks(unit, cursor, -unit.ctx.db.broadcastFailure.byAgentSeq.delete([act.agent, act.seq]));
  });
}

/**
 * Records that the agent has failed a broadcast. With `retry` it is shown to this agent again, and becomes a dead letter after
 * the last attempt; without, immediately. Other agents are not affected.
 */
export function failBroadcast(unit: UnitOfWork, act: BroadcastFailure): void {
  unit.own(act.agent);
  checkNumber(unit, act.seq);
  withCursor(unit, act.agent, cursor => recordFailure(unit, cursor, act));
}

/** Fields of the act `FailBroadcast`. */
interface BroadcastFailure {
  readonly agent: bigint;
  readonly seq: bigint;
  readonly attempt: number;
  readonly reason: string;
  readonly retry: boolean;
}

function recordFailure(unit: UnitOfWork, cursor: Cursor, act: BroadcastFailure): void {
  const { broadcastFailure, broadcastLog } = unit.ctx.db;
  const earlier = failureOf(unit.ctx.db, act.agent, act.seq);
  if (earlier?.attempt === act.attempt) return;
  checkWindow(cursor, act.seq);
  if (act.seq <= cursor.handled || isHandled(unit.ctx.db, act.agent, act.seq)) {
    refuse('delivery/ended', `broadcast ${act.seq} was already handled`);
  }
  if (act.attempt !== (earlier?.attempt ?? 0) + 1) {
    refuse('broadcast/stale-attempt', `broadcast ${act.seq} is at attempt ${(earlier?.attempt ?? 0) + 1}`);
  }
  const isDead = !act.retry || isLastAttempt(act.attempt);
  const state = isDead ? 'dead' : 'retry';
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
  else {
    broadcastFailure.insert(row);
    countMarks(unit, cursor, 1);
  }
  if (!isDead) return;
  markHandled(unit, cursor, act.seq);
  const broadcast = broadcastLog.seq.find(act.seq);
  const message = broadcast && unit.ctx.db.message.id.find(broadcast.message);
  if (message) addDeadLetter(unit, { delivery: 0n, agent: act.agent }, message, row.reason);
}

/** Returns the failure row of an agent and a broadcast. */
export function failureOf(db: Pick<Ctx['db'], 'broadcastFailure'>, agent: bigint, seq: bigint) {
  for (const row of db.broadcastFailure.byAgentSeq.filter([agent, seq])) return row; // a full key: one row at most
  return undefined;
}

function checkNumber(unit: UnitOfWork, seq: bigint): void {
  if (seq < 1n || seq > unit.lastNumber('broadcast')) refuse('broadcast/unknown', `there is no broadcast ${seq}`);
}

/** Refuses a broadcast too far beyond the cursor: each one that is handled out of order is a row. */
function checkWindow({ handled }: Cursor, seq: bigint): void {
  if (seq <= handled + BigInt(LIMITS.broadcastWindow)) return;
  refuse('broadcast/too-far-ahead', `broadcast ${handled + 1n} is not handled yet; handle or fail it before ${seq}`);
}

function markHandled(unit: UnitOfWork, cursor: Cursor, seq: bigint): void {
  const { broadcastHandled } = unit.ctx.db;
  const { agent } = cursor;
  if (seq <= cursor.handled) return;
  if (seq > cursor.handled + 1n) {
    if (isHandled(unit.ctx.db, agent, seq)) return;
    broadcastHandled.insert({ id: 0n, agent, seq });
    return countMarks(unit, cursor, 1);
  }
  cursor.handled = seq;
  moveOverHandled(unit, cursor);
}

/** Moves a cursor over the broadcasts after it that were handled before. */
function moveOverHandled(unit: UnitOfWork, cursor: Cursor): void {
  const { byAgentSeq } = unit.ctx.db.broadcastHandled;
  // Each round deletes one row that an earlier call inserted, so the work is bounded by those calls.
  while (cursor.marks > 0 && byAgentSeq.delete([cursor.agent, cursor.handled + 1n]) > 0) {
    cursor.handled++;
    countMarks(unit, cursor, -1);
  }
}

/** Moves a cursor over broadcasts that are no longer kept, and deletes their rows: at most `broadcastWindow` of each table. */
function skipDeleted(unit: UnitOfWork, cursor: Cursor): void {
  const { broadcastHandled, broadcastFailure } = unit.ctx.db;
  const before = unit.firstNumber('broadcast') - 1n;
  if (cursor.handled >= before) return;
  cursor.handled = before;
  if (cursor.marks === 0) return;
  for (const table of [broadcastHandled, broadcastFailure]) {
    for (const { id, seq } of [...table.agent.filter(cursor.agent)]) {
      if (seq <= before && table.id.delete(id)) countMarks(unit, cursor, -1);
    }
  }
  moveOverHandled(unit, cursor);
}

/** Returns true if an agent has handled a broadcast beyond its cursor. */
export function isHandled(db: Pick<Ctx['db'], 'broadcastHandled'>, agent: bigint, seq: bigint): boolean {
  for (const _ of db.broadcastHandled.byAgentSeq.filter([agent, seq])) return true; // a full key: one row at most
  return false;
}

/** Deletes the cursor and the exceptions (at most `broadcastWindow`) of an unregistered agent. */
export function endBroadcasts(unit: UnitOfWork, agent: bigint): void {
  const { broadcastCursor, broadcastHandled, broadcastFailure } = unit.ctx.db;
  broadcastCursor.agent.delete(agent);
  const marks = broadcastHandled.agent.delete(agent) + broadcastFailure.agent.delete(agent);
  unit.addBytes(agent, -marks * ROW_BYTES.broadcastMark);
}
