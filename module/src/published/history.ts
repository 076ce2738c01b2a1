// What an agent sent and was given, and what a message refers to: long, so it is read in pages, newest first.

import { t } from 'spacetimedb/server';
import { isOperator, readableMailbox } from '../access.ts';
import { checkPage } from '../checks.ts';
import { LIMITS } from '../contract/limits.ts';
import { envelopeOf } from '../message/envelope.ts';
import { isParty, refersTo } from '../message/reference.ts';
import { refuse } from '../refuse.ts';
import { agora } from '../schema.ts';
import { firstDelivery } from '../unit-of-work.ts';

const HistoryRow = t.object('HistoryRow', {
  /** Where the next page begins: pass it as `before`. */
  no: t.u64(),
  /** 0 for a message that was sent. */
  delivery: t.u64(),
  state: t.string(),
  envelope: t.string(),
});

/** Look-ups that one page makes at most: what was pruned is passed over. */
const LOOK_UPS = 4_096n;

/** What an agent of the caller sent, newest first, before a number (0: from the last on). Payloads over 4 KiB are left out. */
export const sentMessages = agora.procedure(
  { agent: t.u64(), before: t.u64(), limit: t.u32() },
  t.array(HistoryRow),
  (ctx, { agent, before, limit }) => {
    checkLimit(limit);
    return ctx.withTx(tx => {
      readableMailbox(tx, agent);
      const account = tx.db.account.agent.find(agent);
      const rows = [];
      const { from, end } = range(before, (account?.sent ?? 0n) + 1n);
      for (let no = from; no >= end && rows.length < limit; no--) {
        for (const message of tx.db.message.bySender.filter([agent, no])) {
          // a full key: one row at most
          rows.push({ no, delivery: 0n, state: '', envelope: envelopeOf(message) });
        }
      }
      return rows;
    });
  },
);

/** What an agent of the caller was given and has ended, newest first, before a number (0: from the last on). */
export const receivedMessages = agora.procedure(
  { agent: t.u64(), before: t.u64(), limit: t.u32() },
  t.array(HistoryRow),
  (ctx, { agent, before, limit }) => {
    checkLimit(limit);
    return ctx.withTx(tx => {
      const box = readableMailbox(tx, agent);
      const rows = [];
      const { from, end } = range(before, box.nextDelivery);
      for (let no = from; no >= end && rows.length < limit; no--) {
        const delivery = firstDelivery(agent) + no;
        const ended = tx.db.ended.id.find(delivery);
        const message = ended && tx.db.message.id.find(ended.message);
        if (message) rows.push({ no, delivery, state: ended.state, envelope: envelopeOf(message) });
      }
      return rows;
    });
  },
);

/**
 * A message that `agent` was told of by the references of another one, as its envelope with the whole payload: whoever passes
 * on a message, or acts on it, shows it to its recipient. `message` may be the one itself.
 */
export const readReference = agora.procedure(
  { agent: t.u64(), message: t.string(), reference: t.string() },
  t.string(),
  (ctx, { agent, message, reference }) =>
    ctx.withTx(tx => {
      readableMailbox(tx, agent);
      const read = tx.db.message.id.find(message);
      const isKnown = read && (isParty(tx.db, read, agent) || isOperator(tx.db, ctx.sender));
      const wanted = isKnown && (reference === message || refersTo(read, reference)) ? reference : '';
      const found = tx.db.message.id.find(wanted);
      if (!found)
        refuse('message/bad-reference', `message ${message.slice(0, 64)} does not refer to ${reference.slice(0, 64)}`);
      return envelopeOf(found, LIMITS.payloadBytes);
    }),
);

/** The numbers of a page, downwards. */
function range(before: bigint, next: bigint): { readonly from: bigint; readonly end: bigint } {
  const from = (before === 0n || before > next ? next : before) - 1n;
  return { from, end: from > LOOK_UPS ? from - LOOK_UPS : 1n };
}

function checkLimit(limit: number): void {
  checkPage(limit);
}
