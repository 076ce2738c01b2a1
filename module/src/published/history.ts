// The messages that an agent sent and received, in pages, and the messages that these refer to.

import { t } from 'spacetimedb/server';
import { isOperator, readableMailbox } from '../access.ts';
import { checkPage } from '../checks.ts';
import { LIMITS } from '../contract/limits.ts';
import { envelopeOf } from '../message/envelope.ts';
import { receivedBefore, sentBefore } from '../message/history.ts';
import { isSenderOrRecipient, refersTo } from '../message/reference.ts';
import { refuse } from '../refuse.ts';
import { agora } from '../schema.ts';

const HistoryRow = t.object('HistoryRow', {
  /** The `before` of the next page. */
  no: t.u64(),
  /** 0 for a sent message. */
  delivery: t.u64(),
  state: t.string(),
  envelope: t.string(),
});

/** Returns the messages that an agent of the caller sent, newest first, before a number (0: from the last one). */
export const sentMessages = agora.procedure(
  { agent: t.u64(), before: t.u64(), limit: t.u32() },
  t.array(HistoryRow),
  (ctx, { agent, before, limit }) => {
    checkPage(limit);
    return ctx.withTx(tx => {
      readableMailbox(tx, agent);
      return sentBefore(tx.db, agent, before, limit);
    });
  },
);

/** Returns the ended deliveries of an agent of the caller, newest first, before a number (0: from the last one). */
export const receivedMessages = agora.procedure(
  { agent: t.u64(), before: t.u64(), limit: t.u32() },
  t.array(HistoryRow),
  (ctx, { agent, before, limit }) => {
    checkPage(limit);
    return ctx.withTx(tx => receivedBefore(tx.db, readableMailbox(tx, agent), before, limit));
  },
);

/**
 * Returns the envelope, with the whole payload, of a message that another one refers to: the sender of a forwarded message
 * shows the original to its recipient. `reference` may be `message` itself.
 */
export const readReference = agora.procedure(
  { agent: t.u64(), message: t.string(), reference: t.string() },
  t.string(),
  (ctx, { agent, message, reference }) =>
    ctx.withTx(tx => {
      readableMailbox(tx, agent);
      const read = tx.db.message.id.find(message);
      const isKnown = read && (isSenderOrRecipient(tx.db, read, agent) || isOperator(tx.db, ctx.sender));
      const wanted = isKnown && (reference === message || refersTo(read, reference)) ? reference : '';
      const found = tx.db.message.id.find(wanted);
      if (!found)
        refuse('message/bad-reference', `message ${message.slice(0, 64)} does not refer to ${reference.slice(0, 64)}`);
      return envelopeOf(found, LIMITS.payloadBytes);
    }),
);
