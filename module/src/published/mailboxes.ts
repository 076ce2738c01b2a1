// All mailboxes, in pages, for operators.

import { t } from 'spacetimedb/server';
import { requireOperator } from '../access.ts';
import { checkPage } from '../checks.ts';
import { mailboxesAfter } from '../operator/mailbox-page.ts';
import { longestQueues as queuesOf } from '../operator/queues.ts';
import { agora } from '../schema.ts';

const MailboxRow = t.object('MailboxRow', {
  agent: t.u64(),
  /** `@capability` for a work queue. */
  name: t.string(),
  /** In hexadecimal. */
  owner: t.string(),
  online: t.bool(),
  credit: t.u32(),
  held: t.u32(),
  /** Queued deliveries; delayed ones are not counted. */
  waiting: t.u32(),
  notices: t.u32(),
  /** Unfinished deliveries that it has caused. */
  unfinished: t.u32(),
});
const MailboxPage = t.object('MailboxPage', {
  rows: t.array(MailboxRow),
  /** The `after` of the next page; 0 if there is none. */
  next: t.u64(),
});

/** Returns mailboxes after a number, agents before work queues; for operators. A page may have few rows and not be the last. */
export const listMailboxes = agora.procedure(
  { after: t.u64(), limit: t.u32() },
  MailboxPage,
  (ctx, { after, limit }) => {
    checkPage(limit);
    return ctx.withTx(tx => {
      requireOperator(tx);
      return mailboxesAfter(tx.db, after, limit);
    });
  },
);

const QueueRow = t.object('QueueRow', {
  agent: t.u64(),
  /** `@capability` for a work queue. */
  name: t.string(),
  online: t.bool(),
  held: t.u32(),
  waiting: t.u32(),
  delayed: t.u32(),
  /** Time since which its oldest delivery waits, or 0. */
  oldestAt: t.i64(),
});
const LongestQueues = t.object('LongestQueues', {
  rows: t.array(QueueRow),
  /** The oldest waiting delivery of all mailboxes that were looked up, or 0, and the name of its mailbox. */
  oldestAt: t.i64(),
  oldestOf: t.string(),
  /** The `after` of the next page; 0 if there is none. */
  next: t.u64(),
});

/** Returns the longest queues among 4,096 mailboxes after a number, and the oldest waiting delivery; for operators. */
export const longestQueues = agora.procedure(
  { after: t.u64(), limit: t.u32() },
  LongestQueues,
  (ctx, { after, limit }) => {
    checkPage(limit);
    return ctx.withTx(tx => {
      requireOperator(tx);
      return queuesOf(tx.db, after, limit);
    });
  },
);
