// Single messages: payload, state of the deliveries, signals of an ask.

import { t } from 'spacetimedb/server';
import { isOperator, isSame, readableMailbox, requireAdmitted, requireOperator, requireOwn } from '../access.ts';
import { checkPage } from '../checks.ts';
import { LIMITS } from '../contract/limits.ts';
import { attemptsOf } from '../message/attempts.ts';
import { deliveryStatus } from '../message/delivery-status.ts';
import { envelopeOf } from '../message/envelope.ts';
import { messagesBefore } from '../message/newest.ts';
import { refuse } from '../refuse.ts';
import { agora } from '../schema.ts';
import { afterNow } from '../time/newest.ts';
import { wholePayload } from '../workflow/payload.ts';

/** Rows that `messageAttempts` returns, and at most those of one further delivery. */
const MAX_ATTEMPTS = 960;

/** Returns the payload of an inbox row of the caller, as JSON. */
export const readPayload = agora.procedure({ delivery: t.u64() }, t.string(), (ctx, { delivery }) =>
  ctx.withTx(tx => {
    requireAdmitted(tx);
    const row = tx.db.offer.id.find(delivery);
    const message = row && isSame(row.owner, ctx.sender) ? tx.db.message.id.find(row.message) : undefined;
    if (message && message.referencedBytes > 0) return wholePayload(tx.db, message);
    return message?.payload ?? refuse('delivery/unknown', `there is no offered delivery ${delivery} of yours`);
  }),
);

/** The state of one delivery of a message. */
const DeliveryStatus = t.object('DeliveryStatus', {
  agent: t.u64(),
  name: t.string(),
  state: t.string(),
  attempt: t.u32(),
  at: t.i64(),
  reason: t.string(),
  delivery: t.u64(),
  /** The id of the answer that its holder gave, or empty. */
  answer: t.string(),
});

/** Returns the states of all deliveries of a message; for its sender. */
export const messageStatus = agora.procedure(
  { agent: t.u64(), message: t.string() },
  t.array(DeliveryStatus),
  (ctx, { agent, message }) =>
    ctx.withTx(tx => {
      requireAdmitted(tx);
      requireOwn(tx.db.mailbox.agent.find(agent), agent, ctx.sender);
      const sent = tx.db.message.id.find(message);
      if (!sent || sent.sender !== agent)
        refuse('message/unknown', `there is no message ${message.slice(0, 64)} of yours`);
      return sent.deliveries.map(id => deliveryStatus(tx.db, id));
    }),
);

const MessageFile = t.object('MessageFile', {
  /** With the whole payload. */
  envelope: t.string(),
  kind: t.string(),
  sender: t.u64(),
  /** Its number as a broadcast, or 0. */
  broadcast: t.u64(),
  deliveries: t.array(DeliveryStatus),
  /** The state of the ask, and its last answer; empty for other messages. */
  ask: t.string(),
  answer: t.string(),
});

/** Returns a kept message with its payload and the states of its deliveries; for operators. */
export const readMessage = agora.procedure({ message: t.string() }, MessageFile, (ctx, { message }) =>
  ctx.withTx(tx => {
    requireOperator(tx);
    const found = tx.db.message.id.find(message);
    if (!found) refuse('message/unknown', `no message ${message.slice(0, 64)} is kept`);
    const { kind, sender, broadcast } = found;
    const deliveries = found.deliveries.map(id => deliveryStatus(tx.db, id));
    const ask = tx.db.ask.message.find(message);
    const about = { ask: ask?.state ?? '', answer: ask?.answer ?? '' };
    return { envelope: envelopeOf(found, LIMITS.payloadBytes), kind, sender, broadcast, deliveries, ...about };
  }),
);

const AttemptRow = t.object('AttemptRow', {
  delivery: t.u64(),
  agent: t.u64(),
  name: t.string(),
  attempt: t.u32(),
  reason: t.string(),
  at: t.i64(),
});

/** Returns the attempts after which the deliveries of a message went back, 1,024 at most; for its sender and operators. */
export const messageAttempts = agora.procedure(
  { agent: t.u64(), message: t.string() },
  t.array(AttemptRow),
  (ctx, { agent, message }) =>
    ctx.withTx(tx => {
      readableMailbox(tx, agent);
      const sent = tx.db.message.id.find(message);
      if (!sent || (sent.sender !== agent && !isOperator(tx.db, tx.sender)))
        refuse('message/unknown', `there is no message ${message.slice(0, 64)} of yours`);
      const rows = [];
      for (const delivery of sent.deliveries) {
        if (rows.length >= MAX_ATTEMPTS) break;
        for (const row of attemptsOf(tx.db, delivery)) {
          const name = tx.db.mailbox.agent.find(row.agent)?.name ?? '';
          rows.push({ delivery, agent: row.agent, name, attempt: row.attempt, reason: row.reason, at: row.at });
        }
      }
      return rows;
    }),
);

const NewestMessage = t.object('NewestMessage', {
  kind: t.string(),
  /** Number of its deliveries, and the state of the first one; empty without any. */
  deliveries: t.u32(),
  state: t.string(),
  envelope: t.string(),
});
const NewestMessages = t.object('NewestMessages', {
  rows: t.array(NewestMessage),
  /** The `before` of the next page; 0 if there is none. */
  next: t.i64(),
});

/**
 * Returns the messages of the whole hub before a time in microseconds (0: now), newest first; for operators. `text` is a part of
 * the id, a name, the type or the payload; "" means any, also as `kind`. A page may have few rows, or none, and not be the last.
 */
export const listMessages = agora.procedure(
  { before: t.i64(), limit: t.u32(), text: t.string(), kind: t.string() },
  NewestMessages,
  (ctx, { before, limit, text, kind }) => {
    checkPage(limit);
    return ctx.withTx(tx => {
      requireOperator(tx);
      return messagesBefore(tx.db, { before: before || afterNow(tx), limit }, { text, kind });
    });
  },
);
