// What is too long for a view, and what became of what was sent. Each checks its caller.

import { t } from 'spacetimedb/server';
import { isSame, requireAdmitted, requireOwn } from '../access.ts';
import { statusOf } from '../message/delivery-status.ts';
import { refuse } from '../refuse.ts';
import { agora } from '../schema.ts';
import { DeliveryStatus } from './delivery-status.ts';

/** The payload of an offered delivery or notice of the caller, as JSON. */
export const readPayload = agora.procedure({ delivery: t.u64() }, t.string(), (ctx, { delivery }) =>
  ctx.withTx(tx => {
    requireAdmitted(tx);
    const row = tx.db.offer.id.find(delivery);
    const message = row && isSame(row.owner, ctx.sender) ? tx.db.message.id.find(row.message) : undefined;
    return message?.payload ?? refuse('delivery/unknown', `there is no offered delivery ${delivery} of yours`);
  }),
);

/** What became of a message, one row a recipient, for its sender. */
export const messageStatus = agora.procedure(
  { agent: t.u64(), message: t.string() },
  t.array(DeliveryStatus),
  (ctx, { agent, message }) =>
    ctx.withTx(tx => {
      requireAdmitted(tx);
      requireOwn(tx.db.mailbox.agent.find(agent), agent, ctx.sender);
      const sent = tx.db.message.id.find(message);
      if (!sent || sent.sender !== agent) refuse('message/unknown', `there is no message ${message} of yours`);
      return sent.deliveries.map(id => statusOf(tx.db, id));
    }),
);

const Signal = t.object('SignalRow', { seq: t.u32(), data: t.string(), at: t.i64() });

/** The signals of an open ask after a number, in order, for its asker: the last 64 are kept. */
export const readSignals = agora.procedure(
  { agent: t.u64(), message: t.string(), after: t.u32() },
  t.array(Signal),
  (ctx, { agent, message, after }) =>
    ctx.withTx(tx => {
      requireAdmitted(tx);
      requireOwn(tx.db.mailbox.agent.find(agent), agent, ctx.sender);
      const ask = tx.db.ask.message.find(message);
      if (!ask || ask.asker !== agent)
        refuse('ask/unknown', `there is no open question ${message.slice(0, 64)} of yours`);
      return [...tx.db.signal.ask.filter(message)] // at most 64
        .filter(row => row.seq > after)
        .sort((a, b) => a.seq - b.seq)
        .map(({ seq, data, at }) => ({ seq, data, at }));
    }),
);
