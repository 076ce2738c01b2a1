// Pages of the messages that an agent sent and received, newest first. Numbers are dense except for pruned messages.

import { LIMITS } from '../contract/limits.ts';
import { deliveryId, type Mailbox } from '../mailbox.ts';
import type { Ctx } from '../schema.ts';
import { envelopeOf } from './envelope.ts';

/** A row of a page; `no` is passed as `before` for the next page. */
export interface HistoryEntry {
  readonly no: bigint;
  /** 0 for a sent message. */
  readonly delivery: bigint;
  readonly state: string;
  readonly envelope: string;
}

/** Returns messages that an agent sent, before a number (0: from the last one). */
export function sentBefore(db: Ctx['db'], agent: bigint, before: bigint, limit: number): HistoryEntry[] {
  const account = db.account.agent.find(agent);
  const rows = [];
  const { from, end } = range(before, (account?.sent ?? 0n) + 1n);
  for (let no = from; no >= end && rows.length < limit; no--) {
    // A full key: one row at most.
    for (const message of db.message.bySender.filter([agent, no])) {
      // Messages of workflows are charged to their initiator, but the hub sends them.
      if (message.step === 0n) rows.push({ no, delivery: 0n, state: '', envelope: envelopeOf(message) });
    }
  }
  return rows;
}

/** Returns ended deliveries of an agent, before a number (0: from the last one). */
export function receivedBefore(db: Ctx['db'], box: Mailbox, before: bigint, limit: number): HistoryEntry[] {
  const rows = [];
  const { from, end } = range(before, box.nextDelivery);
  for (let no = from; no >= end && rows.length < limit; no--) {
    const delivery = deliveryId(db, box.agent, no);
    const ended = delivery === undefined ? undefined : db.ended.id.find(delivery);
    const message = ended && db.message.id.find(ended.message);
    // What ended before its offer was never shown to its recipient.
    const wasOffered = ended !== null && ended !== undefined && (ended.state === 'done' || ended.wasOffered);
    if (message && wasOffered && delivery !== undefined)
      rows.push({ no, delivery, state: ended.state, envelope: envelopeOf(message) });
  }
  return rows;
}

/** Returns the numbers that one page looks up, downwards: at most `LIMITS.lookUps`. */
function range(before: bigint, next: bigint): { readonly from: bigint; readonly end: bigint } {
  const from = (before === 0n || before > next ? next : before) - 1n;
  const lookUps = BigInt(LIMITS.lookUps);
  return { from, end: from > lookUps ? from - lookUps : 1n };
}
