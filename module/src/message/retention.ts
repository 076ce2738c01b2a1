// What need not be kept any longer goes, a bounded piece a call: messages by their sender's dense numbers, events and
// broadcasts by theirs. One row says when is looked next; it is written anew by each look.
//
// I1  Nothing unfinished goes: a message that still waits, is offered, is a dead letter or an open question stays, and is
//     looked at again by itself, so that it holds up nobody.
// I2  No id is free again while `checkId` accepts its time: an id may be `clockSkewMs` ahead, so messages are kept that much
//     longer.

import { ScheduleAt } from 'spacetimedb';
import { LIMITS } from '../contract/limits.ts';
import { withDesk, type Account, type Desk } from '../desk.ts';
import { agora, type Ctx } from '../schema.ts';
import { byteLength } from '../text.ts';
import { remember } from '../time/due.ts';
import { keeper } from '../time/table.ts';
import { bytesOf } from './accept.ts';
import type { Message } from './envelope.ts';
import { isOpen } from './question.ts';

/** How long a look that found all done is from the next. */
const PAUSE_MICROS = 60_000_000n;
/** How long a message that is unfinished is left alone. */
const LATER_MICROS = 3_600_000_000n;
const DELETIONS = 512;
const LOOK_UPS = 1_024;

/** What is left of one call's work. A message goes as a whole, so that one with many deliveries may take a bit more. */
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

/** Private: runs by schedule only. */
export const sweepKept = agora.reducer({ onSchedule: keeper }, { row: keeper.rowType }, (ctx, { row }) => {
  withDesk(ctx, desk => {
    const budget = new Budget();
    sweepEvents(desk, budget);
    sweepBroadcasts(desk, budget);
    const agent = sweepMessages(desk, budget, row.agent);
    const isMore = budget.isSpent;
    scheduleLook(ctx, isMore ? desk.now : desk.now + PAUSE_MICROS, isMore ? agent : 0n);
  });
});

/** Makes sure that somebody looks. A database that was published before this was has no row yet. */
export function keepLooking(ctx: Ctx): void {
  if (ctx.db.keeper.count() === 0n) scheduleLook(ctx, ctx.timestamp.microsSinceUnixEpoch + PAUSE_MICROS, 0n);
}

function scheduleLook(ctx: Ctx, at: bigint, agent: bigint): void {
  ctx.db.keeper.insert({ scheduledId: 0n, scheduledAt: ScheduleAt.time(at), agent });
}

function sweepEvents(desk: Desk, budget: Budget): void {
  const { eventLog } = desk.ctx.db;
  const before = desk.now - desk.hub.keepEventsMs * 1000n;
  let first = desk.firstNumber('event');
  for (; first <= desk.lastNumber('event') && !budget.isSpent; first++) {
    budget.lookUp();
    const row = eventLog.seq.find(first);
    if (!row) continue;
    if (row.at.microsSinceUnixEpoch >= before) break;
    eventLog.seq.delete(first);
    desk.addBytes(-byteLength(row.data));
    budget.remove();
  }
  desk.moveFirst('event', first);
}

/** Broadcasts are kept as long as events, so that an agent that is away for days still hears them. */
function sweepBroadcasts(desk: Desk, budget: Budget): void {
  const { broadcastLog } = desk.ctx.db;
  const before = desk.now - desk.hub.keepEventsMs * 1000n;
  let first = desk.firstNumber('broadcast');
  for (; first <= desk.lastNumber('broadcast') && !budget.isSpent; first++) {
    budget.lookUp();
    const row = broadcastLog.seq.find(first);
    if (!row) continue;
    if (row.at >= before) break;
    broadcastLog.seq.delete(first);
    budget.remove();
  }
  desk.moveFirst('broadcast', first);
}

/** Goes through the accounts from an agent on; returns where the next call goes on. Agent 0 is the hub itself. */
function sweepMessages(desk: Desk, budget: Budget, from: bigint): bigint {
  const { db } = desk.ctx;
  const last = desk.lastNumber('agent');
  for (let agent = from; agent <= last; agent++) {
    if (budget.isSpent) return agent;
    budget.lookUp();
    if (!db.account.agent.find(agent)) continue;
    const account = desk.account(agent);
    sweepAccount(desk, budget, account);
    const isEmpty = account.firstKept > account.sent && account.unfinished === 0;
    if (isEmpty && agent > 0n && !desk.box(agent)) desk.removeAccount(account);
    else if (budget.isSpent) return agent;
  }
  return 0n;
}

function sweepAccount(desk: Desk, budget: Budget, account: Account): void {
  const { db } = desk.ctx;
  while (account.firstKept <= account.sent && !budget.isSpent) {
    budget.lookUp();
    // A full key: one row, or none where a message went before.
    for (const message of [...db.message.bySender.filter([account.agent, account.firstKept])]) {
      if (isYoung(desk, message)) return;
      budget.lookUp(message.deliveries.length);
      if (isFinished(db, message)) budget.remove(remove(desk, message));
      else remember(desk, desk.now + LATER_MICROS, 'forget', 0n, message.id);
    }
    account.firstKept++;
    desk.charged(account);
  }
}

/** A message that was left behind unfinished is looked at again, until it can go. */
export function forget(desk: Desk, id: string): void {
  const { db } = desk.ctx;
  const message = db.message.id.find(id);
  if (!message) return;
  if (isFinished(db, message) && !isYoung(desk, message)) remove(desk, message);
  else remember(desk, desk.now + LATER_MICROS, 'forget', 0n, id);
}

function isYoung(desk: Desk, message: Message): boolean {
  const keepMs = desk.hub.keepMessagesMs + BigInt(LIMITS.clockSkewMs);
  return message.acceptedAt + keepMs * 1000n >= desk.now;
}

/** Whether nobody can come back to a message. At most as many look-ups as it has deliveries, a few times. */
function isFinished(db: Ctx['db'], message: Message): boolean {
  if (message.deliveries.some(id => isOngoing(db, id))) return false;
  // One with a delay has no number yet.
  if (message.kind === 'broadcast')
    return message.broadcast !== 0n && db.broadcastLog.seq.find(message.broadcast) === null;
  if (message.kind !== 'ask') return true;
  const ask = db.ask.message.find(message.id);
  if (!ask) return true;
  const reply = db.message.id.find(ask.lastMessage);
  return !isOpen(ask) && !reply?.deliveries.some(id => isOngoing(db, id));
}

function isOngoing(db: Ctx['db'], delivery: bigint): boolean {
  if (db.waiting.id.find(delivery) ?? db.offer.id.find(delivery) ?? db.notice.id.find(delivery)) return true;
  for (const _ of db.deadLetter.delivery.filter(delivery)) return true; // one row at most
  return false;
}

/** Deletes a message and what hangs on it; returns how many rows that were, at least. */
function remove(desk: Desk, message: Message): number {
  const { db } = desk.ctx;
  for (const id of message.deliveries) db.ended.id.delete(id);
  if (message.kind === 'ask') {
    db.ask.message.delete(message.id);
    db.signal.ask.delete(message.id); // at most 64
  }
  db.message.id.delete(message.id);
  desk.addBytes(-bytesOf(message));
  return message.deliveries.length + 1;
}
