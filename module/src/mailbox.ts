// Mailboxes and their numbers: one mailbox for each agent, and one for the work queue of each capability.

import { LIMITS } from './contract/limits.ts';
import { refuse } from './refuse.ts';
import type { Ctx } from './schema.ts';

/** The narrow row of an agent or of a work queue. In a unit of work it is cached: mutate in place, `save` writes it back. */
export type Mailbox = NonNullable<ReturnType<Ctx['db']['mailbox']['agent']['find']>>;

/**
 * A delivery id is block × 2³² + the low half of a counter of its mailbox. The first block of a mailbox is its own number.
 * Each further 2³² deliveries have a block of their own (table `deliveryBlock`), so that ids of mailboxes never collide.
 */
const BLOCK_SHIFT = 32n;
const BLOCK_MASK = (1n << BLOCK_SHIFT) - 1n;
/** Agents are numbered below, work queues from here on, and further blocks from `FIRST_BLOCK` on. */
const FIRST_QUEUE = 1n << 31n;
const FIRST_BLOCK = 3n << 30n;

type Blocks = Pick<Ctx['db'], 'deliveryBlock'>;

/** Returns the mailbox that a delivery was made for: an agent's, or a work queue; 0 for a number that was never assigned. */
export function mailboxOfDelivery(db: Blocks, delivery: bigint): bigint {
  const block = delivery >> BLOCK_SHIFT;
  return block < FIRST_BLOCK ? block : (db.deliveryBlock.block.find(block)?.mailbox ?? 0n);
}

/** Returns the delivery id of a mailbox and a value of its counter; undefined if the block of that value was not opened. */
export function deliveryId(db: Blocks, mailbox: bigint, counter: bigint): bigint | undefined {
  const turn = counter >> BLOCK_SHIFT;
  if (turn === 0n) return (mailbox << BLOCK_SHIFT) | counter;
  // A full key: one row at most.
  for (const { block } of db.deliveryBlock.byTurn.filter([mailbox, turn])) {
    return (block << BLOCK_SHIFT) | (counter & BLOCK_MASK);
  }
  return undefined;
}

/** Opens the `n`-th further block for a value of a mailbox's counter, and returns the delivery id. */
export function openBlock(db: Blocks, n: bigint, mailbox: bigint, counter: bigint): bigint {
  const block = FIRST_BLOCK + n;
  if (block > BLOCK_MASK) throw new Error('all blocks of delivery ids are in use');
  db.deliveryBlock.insert({ block, mailbox, turn: counter >> BLOCK_SHIFT });
  return (block << BLOCK_SHIFT) | (counter & BLOCK_MASK);
}

/** Returns true if a mailbox is the work queue of a capability. */
export function isQueue(mailbox: bigint): boolean {
  return mailbox >= FIRST_QUEUE;
}

/** Returns the mailbox of the n-th work queue. */
export function queueNumber(n: bigint): bigint {
  if (n >= FIRST_BLOCK - FIRST_QUEUE) refuse('agent/too-many', 'the hub has numbered all the work queues that it can');
  return FIRST_QUEUE + n;
}

/** Refuses an agent id that is the number of a work queue. */
export function checkAgentNumber(agent: bigint): void {
  if (agent >= FIRST_QUEUE) refuse('agent/too-many', 'the hub has numbered all the agents that it can');
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
    delayed: 0,
    concurrency: 0,
    isCut: false,
    isAlone: false,
    keptUntil: 0n,
  };
}
