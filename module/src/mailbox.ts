// Mailboxes and their numbers: one mailbox for each agent, and one for the work queue of each capability.

import { LIMITS } from './contract/limits.ts';
import type { Ctx } from './schema.ts';

/** The narrow row of an agent or of a work queue. In a unit of work it is cached: mutate in place, `save` writes it back. */
export type Mailbox = NonNullable<ReturnType<Ctx['db']['mailbox']['agent']['find']>>;

/** A delivery id is mailbox × 2³² + a counter of that mailbox. */
const MAILBOX_SHIFT = 32n;
/** Mailboxes from this number on are work queues; agents are numbered below. */
const FIRST_QUEUE = 1n << 31n;

/** Returns the mailbox that a delivery was made for: an agent's, or a work queue. */
export function mailboxOfDelivery(delivery: bigint): bigint {
  return delivery >> MAILBOX_SHIFT;
}

/** Returns the delivery id of a mailbox and a value of its counter. */
export function deliveryId(mailbox: bigint, counter: bigint): bigint {
  return (mailbox << MAILBOX_SHIFT) | counter;
}

/** Returns true if a mailbox is the work queue of a capability. */
export function isQueue(mailbox: bigint): boolean {
  return mailbox >= FIRST_QUEUE;
}

/** Returns the mailbox of the n-th work queue. */
export function queueNumber(n: bigint): bigint {
  return FIRST_QUEUE + n;
}

/** Returns a new mailbox; a credit of 0 stands for the default. */
export function emptyMailbox(
  agent: bigint,
  name: string,
  owner: Mailbox['owner'],
  options: Pick<Mailbox, 'credit' | 'strict'>,
): Mailbox {
  return {
    agent,
    name,
    owner,
    online: false,
    strict: options.strict,
    credit: options.credit || LIMITS.defaultCredit,
    held: 0,
    heldCritical: 0,
    waiting: 0,
    nextDelivery: 1n,
    heads: [0n, 0n, 0n, 0n],
    tails: [0n, 0n, 0n, 0n],
    sweepAt: 0n,
    offlineSince: 0n,
    isActive: true,
    capabilities: 0,
    isReady: false,
    readyFirst: 0n,
    readyLast: 0n,
    offers: 0n,
    isIdle: false,
    idleBroadcast: 0n,
    notices: 0,
    noticeHead: 0n,
    noticeTail: 0n,
  };
}
