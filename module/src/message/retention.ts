// Deletes what is past its retention, a bounded part in each sweep: messages by their sender's dense numbers, events and
// broadcasts by theirs. Each sweep schedules the next one.
//
// I1  Unfinished messages are kept: waiting, offered, dead-lettered, or an open ask. Each gets a separate timer, so that it
//     does not block the sweep.
// I2  No id becomes free while `checkId` accepts its time: an id may be `clockSkewMs` ahead, so messages and events are kept
//     that much longer.

import { ScheduleAt } from 'spacetimedb';
import { LIMITS } from '../contract/limits.ts';
import { bytesOfEvent } from '../event/append.ts';
import { toMicros } from '../micros.ts';
import type { Ctx } from '../schema.ts';
import { schedule } from '../time/schedule.ts';
import type { Account, UnitOfWork } from '../unit-of-work.ts';
import { isOpen } from './ask.ts';
import { removeAttempt } from './attempts.ts';
import { bytesOfBroadcast } from './broadcast.ts';
import { removeDeadLetter } from './dead-letter.ts';
import type { Message } from './envelope.ts';
import { bytesOf } from './store.ts';

/** Interval between sweeps once nothing is left to delete. */
const PAUSE_MICROS = 60_000_000n;
/** Interval between checks of an unfinished message. */
const LATER_MICROS = 3_600_000_000n;
const DELETIONS = 512;
const LOOK_UPS = 1_024;

/** The work left for one call. A message is deleted as a whole, so one with many deliveries may exceed it. */
class Budget {
  #deletions = DELETIONS;
  #lookUps = LOOK_UPS;
  get isSpent(): boolean {
    return this.#deletions <= 0 || this.#lookUps <= 0;
  }
  lookUp(rows = 1): void {
    this.#lookUps -= rows;
  }
  remove(rows = 1): void {
    this.#deletions -= rows;
  }
}

/** Ends an agent that is absent for too long. Returns true if it did; a layer above supplies it. */
type EndAgent = (unit: UnitOfWork, agent: bigint) => boolean;

/** One bounded sweep; schedules the next one. `from` is the agent whose messages are swept first. */
export function sweepRetention(unit: UnitOfWork, from: bigint, endAgent: EndAgent): void {
  const budget = new Budget();
  sweepEvents(unit, budget);
  sweepBroadcasts(unit, budget);
  sweepDeadLetters(unit, budget);
  sweepAttempts(unit, budget);
  const agent = sweepMessages(unit, budget, from, endAgent);
  scheduleNext(unit.ctx, budget.isSpent ? unit.now : unit.now + PAUSE_MICROS, budget.isSpent ? agent : 0n);
}

/** Schedules the first sweep. Also called on connect, for a database that was published by a version without sweeps. */
export function ensureSweep(ctx: Ctx): void {
  if (ctx.db.keeper.count() === 0n) scheduleNext(ctx, ctx.timestamp.microsSinceUnixEpoch + PAUSE_MICROS, 0n);
}

function scheduleNext(ctx: Ctx, at: bigint, agent: bigint): void {
  ctx.db.keeper.insert({ scheduledId: 0n, scheduledAt: ScheduleAt.time(at), agent });
}

function sweepEvents(unit: UnitOfWork, budget: Budget): void {
  const { eventLog } = unit.ctx.db;
  const before = unit.now - toMicros(unit.hub.keepEventsMs + BigInt(LIMITS.clockSkewMs));
  let first = unit.firstNumber('event');
  for (; first <= unit.lastNumber('event') && !budget.isSpent; first++) {
    budget.lookUp();
    const row = eventLog.seq.find(first);
    if (!row) continue;
    if (row.at.microsSinceUnixEpoch >= before) break;
    eventLog.seq.delete(first);
    unit.addBytes(row.agent, -bytesOfEvent(row));
    budget.remove();
  }
  unit.moveFirst('event', first);
}

/** Broadcasts are kept as long as events, so that an agent that is offline for days still receives them. */
function sweepBroadcasts(unit: UnitOfWork, budget: Budget): void {
  const { broadcastLog } = unit.ctx.db;
  const before = unit.now - toMicros(unit.hub.keepEventsMs);
  let first = unit.firstNumber('broadcast');
  for (; first <= unit.lastNumber('broadcast') && !budget.isSpent; first++) {
    budget.lookUp();
    const row = broadcastLog.seq.find(first);
    if (!row) continue;
    if (row.at >= before) break;
    broadcastLog.seq.delete(first);
    unit.addBytes(row.sender, -bytesOfBroadcast(row));
    budget.remove();
  }
  unit.moveFirst('broadcast', first);
}

/** A dead letter that is deleted no longer keeps its message. */
function sweepDeadLetters(unit: UnitOfWork, budget: Budget): void {
  const { deadLetter } = unit.ctx.db;
  const before = unit.now - toMicros(LIMITS.keepDeadLettersMs);
  let first = unit.firstNumber('dead');
  for (; first <= unit.lastNumber('dead') && !budget.isSpent; first++) {
    budget.lookUp();
    const row = deadLetter.no.find(first);
    if (!row) continue;
    if (row.at >= before) break;
    removeDeadLetter(unit, row);
    budget.remove();
  }
  unit.moveFirst('dead', first);
}

function sweepAttempts(unit: UnitOfWork, budget: Budget): void {
  const { failedAttempt } = unit.ctx.db;
  const before = unit.now - toMicros(unit.hub.keepMessagesMs);
  let first = unit.firstNumber('attempt');
  for (; first <= unit.lastNumber('attempt') && !budget.isSpent; first++) {
    budget.lookUp();
    const row = failedAttempt.no.find(first);
    if (!row) continue;
    if (row.at >= before) break;
    removeAttempt(unit, row);
    budget.remove();
  }
  unit.moveFirst('attempt', first);
}

/** Sweeps the accounts from an agent on, and returns where the next call continues. Agent 0 is the hub itself. */
function sweepMessages(unit: UnitOfWork, budget: Budget, from: bigint, endAgent: EndAgent): bigint {
  const { db } = unit.ctx;
  const last = unit.lastNumber('agent');
  // Agent 0 is the first; agents below the first number have no account any more.
  const first = unit.firstNumber('agent');
  for (let agent = from > 0n && from < first ? first : from; agent <= last; agent = agent === 0n ? first : agent + 1n) {
    if (budget.isSpent) return agent;
    budget.lookUp();
    if (!db.account.agent.find(agent)) {
      if (agent === unit.firstNumber('agent') && !unit.box(agent)) unit.moveFirst('agent', agent + 1n);
      continue;
    }
    const account = unit.account(agent);
    sweepAccount(unit, budget, account);
    // One in a call, since each touches many rows.
    if (agent > 0n && endAgent(unit, agent)) budget.remove(DELETIONS);
    const isEmpty = account.firstKept > account.sent && account.unfinished === 0 && account.stored === 0n;
    if (isEmpty && agent > 0n && !unit.box(agent)) unit.removeAccount(account);
    else if (budget.isSpent) return agent;
  }
  return 0n;
}

function sweepAccount(unit: UnitOfWork, budget: Budget, account: Account): void {
  const { db } = unit.ctx;
  while (account.firstKept <= account.sent && !budget.isSpent) {
    budget.lookUp();
    // A full key: one row, or none for a deleted message.
    for (const message of [...db.message.bySender.filter([account.agent, account.firstKept])]) {
      if (isYoung(unit, message)) return;
      budget.lookUp(message.deliveries.length);
      if (isFinished(db, message)) budget.remove(remove(unit, message));
      else schedule(unit, unit.now + LATER_MICROS, 'forget', 0n, message.id, message.sender);
    }
    account.firstKept++;
    unit.markAccountChanged(account);
  }
}

/** Deletes a message that was unfinished at its sweep, or checks it again later. */
export function forget(unit: UnitOfWork, id: string): void {
  const { db } = unit.ctx;
  const message = db.message.id.find(id);
  if (!message) return;
  if (isFinished(db, message) && !isYoung(unit, message)) remove(unit, message);
  else schedule(unit, unit.now + LATER_MICROS, 'forget', 0n, id, message.sender);
}

function isYoung(unit: UnitOfWork, message: Message): boolean {
  const keepMs = unit.hub.keepMessagesMs + BigInt(LIMITS.clockSkewMs);
  return message.acceptedAt + toMicros(keepMs) >= unit.now;
}

/** Returns true if a message can be deleted. At most a few look-ups for each of its deliveries. */
function isFinished(db: Ctx['db'], message: Message): boolean {
  if (message.deliveries.some(id => isOngoing(db, id))) return false;
  // A delayed broadcast has no number yet.
  if (message.kind === 'broadcast')
    return message.broadcast !== 0n && db.broadcastLog.seq.find(message.broadcast) === null;
  if (message.kind !== 'ask') return true;
  const ask = db.ask.message.find(message.id);
  if (!ask) return true;
  const reply = db.message.id.find(ask.lastMessage);
  return !isOpen(ask) && !reply?.deliveries.some(id => isOngoing(db, id));
}

function isOngoing(db: Ctx['db'], delivery: bigint): boolean {
  // Most are done, and have no other row.
  if (db.ended.id.find(delivery)?.state === 'done') return false;
  if (db.waiting.id.find(delivery) ?? db.offer.id.find(delivery) ?? db.notice.id.find(delivery)) return true;
  for (const _ of db.deadLetter.delivery.filter(delivery)) return true; // one row at most
  return false;
}

/** Deletes a message with its ended deliveries and its ask; returns how many rows that were, at least. */
function remove(unit: UnitOfWork, message: Message): number {
  const { db } = unit.ctx;
  for (const id of message.deliveries) db.ended.id.delete(id);
  if (message.kind === 'ask') {
    // Its signals ended with it.
    db.ask.message.delete(message.id);
    if (message.onBehalfOf !== '') db.dependentAsk.message.delete(message.id);
  }
  db.message.id.delete(message.id);
  unit.addBytes(message.sender, -bytesOf(message));
  return message.deliveries.length + 1;
}
