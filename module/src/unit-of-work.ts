// What one call works on: the narrow rows that many acts of it touch are read once, changed in memory, written once.
// A call that throws writes nothing, since `save` is its last step.

import { requireOwn } from './access.ts';
import { LIMITS } from './contract/limits.ts';
import { type Hub, hubOf } from './hub.ts';
import type { TaskOwner } from './message/task-owner.ts';
import type { Ctx } from './schema.ts';

/** The narrow row of an agent, as it lies on the unit: changed in place, written by `save`. */
export type Mailbox = NonNullable<ReturnType<Ctx['db']['mailbox']['agent']['find']>>;
/** What an agent has caused, as it lies on the unit. */
export type Account = NonNullable<ReturnType<Ctx['db']['account']['agent']['find']>>;
type LogHead = NonNullable<ReturnType<Ctx['db']['logHead']['log']['find']>>;

/** What is numbered densely; `agent` numbers agents, `queue` work queues. */
export type Log = 'event' | 'broadcast' | 'agent' | 'queue' | 'dead';

/** A delivery's number names its mailbox: mailbox × 2³² + a number that counts up. */
const AGENT_SHIFT = 32n;
/** Mailboxes from here on are work queues; agents are numbered below. */
const FIRST_QUEUE = 1n << 31n;

/** The mailbox that a delivery was made for: an agent's, or a work queue. */
export function mailboxOfDelivery(delivery: bigint): bigint {
  return delivery >> AGENT_SHIFT;
}

/** The first number that a delivery of this mailbox may have. */
export function firstDelivery(mailbox: bigint): bigint {
  return mailbox << AGENT_SHIFT;
}

/** Whether a mailbox is the work queue of a capability. */
export function isQueue(mailbox: bigint): boolean {
  return mailbox >= FIRST_QUEUE;
}

/** The rows one call works on. */
export class UnitOfWork {
  readonly ctx: Ctx;
  /** The workflow engine, as far as `message/` notifies it. */
  readonly tasks: TaskOwner;
  /** Microseconds since 1970: the time of the whole call. */
  readonly now: bigint;
  readonly #boxes = new Map<bigint, Mailbox | undefined>();
  readonly #names = new Map<string, Mailbox | undefined>();
  readonly #changed = new Set<Mailbox>();
  readonly #heads = new Map<Log, LogHead>();
  readonly #movedHeads = new Set<LogHead>();
  readonly #slots = new Map<bigint, { count: number; readonly isNew: boolean }>();
  readonly #accounts = new Map<bigint, Account>();
  readonly #changedAccounts = new Set<Account>();
  #hub: Hub | undefined;
  #hasQuotas: boolean | undefined;
  #tally: bigint | undefined;
  #bytes = 0;

  constructor(ctx: Ctx, tasks: TaskOwner) {
    this.ctx = ctx;
    this.tasks = tasks;
    this.now = ctx.timestamp.microsSinceUnixEpoch;
  }

  /** The mailbox of an agent; undefined when the agent is gone. */
  box(agent: bigint): Mailbox | undefined {
    let box = this.#boxes.get(agent);
    if (box === undefined && !this.#boxes.has(agent)) {
      box = this.ctx.db.mailbox.agent.find(agent) ?? undefined;
      this.#cache(box, agent);
    }
    return box;
  }

  boxNamed(name: string): Mailbox | undefined {
    let box = this.#names.get(name);
    if (box === undefined && !this.#names.has(name)) {
      const found = this.ctx.db.mailbox.name.find(name) ?? undefined;
      // The same agent may be on the unit already, known by its id.
      box = found && (this.#boxes.get(found.agent) ?? found);
      if (box) this.#cache(box, box.agent);
      else this.#names.set(name, undefined);
    }
    return box;
  }

  #cache(box: Mailbox | undefined, agent: bigint): void {
    this.#boxes.set(agent, box);
    if (box) this.#names.set(box.name, box);
  }

  /** The mailbox of an agent that the caller owns. */
  own(agent: bigint): Mailbox {
    return requireOwn(this.box(agent), agent, this.ctx.sender);
  }

  /** Puts a new mailbox on the unit and in the table. */
  addBox(box: Mailbox): Mailbox {
    this.ctx.db.mailbox.insert(box);
    this.#cache(box, box.agent);
    return box;
  }

  /** Says that a mailbox of this unit was changed in memory. */
  changed(box: Mailbox): void {
    this.#changed.add(box);
  }

  /** The mailbox is deleted; what is on the unit of it is forgotten. */
  removeBox(box: Mailbox): void {
    this.#changed.delete(box);
    this.#boxes.set(box.agent, undefined);
    this.#names.set(box.name, undefined);
    this.ctx.db.mailbox.agent.delete(box.agent);
  }

  /** What an agent has caused; changed in place once `charged` was said. */
  account(agent: bigint): Account {
    let account = this.#accounts.get(agent);
    if (!account) {
      const { db } = this.ctx;
      account = db.account.agent.find(agent) ?? db.account.insert(emptyAccount(agent, this.now));
      this.#accounts.set(agent, account);
    }
    return account;
  }

  /** Says that an account of this unit was changed in memory. */
  charged(account: Account): void {
    this.#changedAccounts.add(account);
  }

  /** The account of an agent that is gone is deleted. */
  removeAccount(account: Account): void {
    this.#changedAccounts.delete(account);
    this.#accounts.delete(account.agent);
    this.ctx.db.account.agent.delete(account.agent);
  }

  /** What the hub allows and keeps. */
  get hub(): Hub {
    this.#hub ??= hubOf(this.ctx.db);
    return this.#hub;
  }

  /** Whether any agent has limits of its own. */
  get hasQuotas(): boolean {
    this.#hasQuotas ??= this.ctx.db.quota.count() > 0n;
    return this.#hasQuotas;
  }

  /** Bytes of messages and events that are stored. */
  get storedBytes(): bigint {
    this.#tally ??= this.ctx.db.tally.id.find(0)?.bytes ?? 0n;
    return this.#tally + BigInt(this.#bytes);
  }

  /** Counts bytes that are stored, or, where negative, no more. */
  addBytes(bytes: number): void {
    this.#bytes += bytes;
  }

  nextDelivery(box: Mailbox): bigint {
    this.#changed.add(box);
    return (box.agent << AGENT_SHIFT) | box.nextDelivery++;
  }

  /** The last number given in a log, 0 before the first. */
  lastNumber(log: Log): bigint {
    return this.#head(log).last;
  }

  /** The first number of a log that is kept; one past the last when nothing is. */
  firstNumber(log: Log): bigint {
    return this.#head(log).first;
  }

  /** Says that what lies before a number is kept no more. */
  moveFirst(log: Log, first: bigint): void {
    const head = this.#head(log);
    if (first <= head.first) return;
    head.first = first;
    this.#movedHeads.add(head);
  }

  nextNumber(log: Log): bigint {
    const head = this.#head(log);
    this.#movedHeads.add(head);
    return ++head.last;
  }

  #head(log: Log): LogHead {
    let head = this.#heads.get(log);
    if (!head) {
      head = this.ctx.db.logHead.log.find(log) ?? this.ctx.db.logHead.insert({ log, first: 1n, last: 0n });
      this.#heads.set(log, head);
    }
    return head;
  }

  /** Takes the next place in a slot of time; 0 is the first one. */
  placeInSlot(slot: bigint): number {
    let entry = this.#slots.get(slot);
    if (!entry) {
      const row = this.ctx.db.dueCount.slot.find(slot);
      entry = { count: row?.count ?? 0, isNew: !row };
      this.#slots.set(slot, entry);
    }
    return entry.count++;
  }

  /** Writes what was changed. The last step of every call. */
  save(): void {
    const { db } = this.ctx;
    for (const box of this.#changed) db.mailbox.agent.update(box);
    for (const account of this.#changedAccounts) db.account.agent.update(account);
    if (this.#bytes !== 0) {
      const bytes = this.storedBytes;
      if (db.tally.id.find(0)) db.tally.id.update({ id: 0, bytes });
      else db.tally.insert({ id: 0, bytes });
    }
    for (const head of this.#movedHeads) db.logHead.log.update(head);
    for (const [slot, { count, isNew }] of this.#slots) {
      if (isNew) db.dueCount.insert({ slot, count });
      else db.dueCount.slot.update({ slot, count });
    }
    this.#changed.clear();
    this.#movedHeads.clear();
    this.#heads.clear();
    this.#slots.clear();
    this.#changedAccounts.clear();
    this.#tally = undefined;
    this.#bytes = 0;
  }
}

/** A mailbox as it begins. */
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

function emptyAccount(agent: bigint, now: bigint): Account {
  return {
    agent,
    unfinished: 0,
    rateDebt: 0,
    fanOutDebt: 0,
    at: now,
    sent: 0n,
    firstKept: 1n,
  };
}

/** The number of the n-th work queue. */
export function queueNumber(n: bigint): bigint {
  return FIRST_QUEUE + n;
}
