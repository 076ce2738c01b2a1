// Single messages: payload, state of the deliveries, signals of an ask.

import { t } from 'spacetimedb/server';
import { isSame, requireAdmitted, requireOperator, requireOwn } from '../access.ts';
import { LIMITS } from '../contract/limits.ts';
import { deliveryStatus } from '../message/delivery-status.ts';
import { envelopeOf } from '../message/envelope.ts';
import { refuse } from '../refuse.ts';
import { agora } from '../schema.ts';
import { wholePayload } from '../workflow/payload.ts';

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
});

/** Returns a kept message with its payload and the states of its deliveries; for operators. */
export const readMessage = agora.procedure({ message: t.string() }, MessageFile, (ctx, { message }) =>
  ctx.withTx(tx => {
    requireOperator(tx);
    const found = tx.db.message.id.find(message);
    if (!found) refuse('message/unknown', `no message ${message.slice(0, 64)} is kept`);
    const { kind, sender, broadcast } = found;
    const deliveries = found.deliveries.map(id => deliveryStatus(tx.db, id));
    return { envelope: envelopeOf(found, LIMITS.payloadBytes), kind, sender, broadcast, deliveries };
  }),
);
