// What operators read in pages. Each checks its caller.

import { t } from 'spacetimedb/server';
import { requireOperator } from '../access.ts';
import { checkPage } from '../checks.ts';
import { LIMITS } from '../contract/limits.ts';
import { statusOf } from '../message/delivery-status.ts';
import { envelopeOf } from '../message/envelope.ts';
import { refuse } from '../refuse.ts';
import { agora, type Ctx } from '../schema.ts';
import { queueNumber } from '../unit-of-work.ts';
import { DeliveryStatus } from './delivery-status.ts';

const MailboxRow = t.object('MailboxRow', {
  agent: t.u64(),
  /** `@capability` for a work queue. */
  name: t.string(),
  /** In hexadecimal. */
  owner: t.string(),
  online: t.bool(),
  credit: t.u32(),
  held: t.u32(),
  /** Queued; what is delayed is not counted. */
  waiting: t.u32(),
  notices: t.u32(),
  /** Deliveries that it has caused and that have not ended. */
  unfinished: t.u32(),
});
const MailboxPage = t.object('MailboxPage', {
  rows: t.array(MailboxRow),
  /** Pass it as `after` for the next page; 0 when there is none. */
  next: t.u64(),
});

/** Mailboxes after a number: of agents, then of work queues. Looks at 4,096 numbers a page, so that a page may have few rows. */
export const listMailboxes = agora.procedure(
  { after: t.u64(), limit: t.u32() },
  MailboxPage,
  (ctx, { after, limit }) => {
    checkPage(limit);
    return ctx.withTx(tx => {
      requireOperator(tx);
      const lastAgent = tx.db.logHead.log.find('agent')?.last ?? 0n;
      const last = queueNumber(tx.db.logHead.log.find('queue')?.last ?? 0n);
      const rows = [];
      let seen = after;
      for (let looked = 0; looked < LIMITS.lookUps && rows.length < limit && seen < last; looked++) {
        seen = seen === lastAgent || (seen > lastAgent && seen < queueNumber(0n)) ? queueNumber(1n) : seen + 1n;
        const row = seen <= last ? mailboxRow(tx.db, seen) : undefined;
        if (row) rows.push(row);
      }
      return { rows, next: seen < last ? seen : 0n };
    });
  },
);

function mailboxRow(db: Ctx['db'], number: bigint) {
  const box = db.mailbox.agent.find(number);
  if (!box) return undefined;
  const { agent, name, online, credit, held, waiting, notices } = box;
  const unfinished = db.account.agent.find(agent)?.unfinished ?? 0;
  return { agent, name, owner: box.owner.toHexString(), online, credit, held, waiting, notices, unfinished };
}

const MessageFile = t.object('MessageFile', {
  /** With the whole payload. */
  envelope: t.string(),
  kind: t.string(),
  sender: t.u64(),
  /** Its number as a broadcast, or 0. */
  broadcast: t.u64(),
  deliveries: t.array(DeliveryStatus),
});

/** A message that is kept, with its payload and one row a delivery. */
export const readMessage = agora.procedure({ message: t.string() }, MessageFile, (ctx, { message }) =>
  ctx.withTx(tx => {
    requireOperator(tx);
    const found = tx.db.message.id.find(message);
    if (!found) refuse('message/unknown', `no message ${message.slice(0, 64)} is kept`);
    const { kind, sender, broadcast } = found;
    const deliveries = found.deliveries.map(id => statusOf(tx.db, id));
    return { envelope: envelopeOf(found, LIMITS.payloadBytes), kind, sender, broadcast, deliveries };
  }),
);
