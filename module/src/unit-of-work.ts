// Unit of work of one call: the narrow rows that many of its acts use are read once, changed in memory and written once.
// A call that throws writes none of them, since `save` is its last step.

import { isSame, requireOwn } from './access.ts';
import { LIMITS } from './contract/limits.ts';
import { type Hub, hubOf } from './hub.ts';
import { deliveryId, type Mailbox, openBlock } from './mailbox.ts';
import type { TaskOwner } from './message/task-owner.ts';
import type { FencingClaim } from './contract/wire.ts';
import type { Ctx } from './schema.ts';

/** The load that an agent has caused: cached for this call; mutate in place, `save` writes it back. */
export type Account = NonNullable<ReturnType<Ctx['db']['account']['agent']['find']>>;
type LogHead = NonNullable<ReturnType<Ctx['db']['logHead']['log']['find']>>;

/** A dense sequence of numbers; `agent` numbers agents, `queue` work queues, `dead` dead letters, `block` blocks of delivery ids, `claim` grants, `attempt` failed attempts. */
export type Log = 'event' | 'broadcast' | 'agent' | 'queue' | 'dead' | 'block' | 'claim' | 'attempt';

/** The rows that one call uses, and the environment of that call. */
export class UnitOfWork {
  readonly ctx: Ctx;
  /** The workflow engine, as far as `message/` calls it. */
  readonly tasks: TaskOwner;
  /** Microseconds since 1970: the time of the whole call. */
  readonly now: bigint;
  readonly #boxes = new Map<bigint, Mailbox | undefined>();
  readonly #names = new Map<string, Mailbox | undefined>();
  readonly #changedBoxes = new Set<Mailbox>();
  readonly #heads = new Map<Log, LogHead>();
  readonly #movedHeads = new Set<LogHead>();
  readonly #slots = new Map<bigint, { count: number; readonly swept: number; readonly isNew: boolean }>();
  readonly #accounts = new Map<bigint, Account>();
  readonly #changedAccounts = new Set<Account>();
  #fence: { readonly claim: FencingClaim; acts: number } | undefined;
  #hub: Hub | undefined;
  #hasQuotas: boolean | undefined;
  #tally: bigint | undefined;
  #hasTally = false;
  #bytes = 0;
  #rows = 0;

  constructor(ctx: Ctx, tasks: TaskOwner) {
    this.ctx = ctx;
    this.tasks = tasks;
    this.now = ctx.timestamp.microsSinceUnixEpoch;
  }

  /** The claim of the act that is being performed; undefined without a fence. */
  get fencedBy(): FencingClaim | undefined {
    return this.#fence?.claim;
  }

  /** Makes the next acts of the call name a claim that is held. */
  fence(claim: FencingClaim, acts: number): void {
    this.#fence = acts > 0 ? { claim, acts } : undefined;
  }

  /** Counts an act that was performed. */
  passFence(): void {
    if (this.#fence && --this.#fence.acts <= 0) this.#fence = undefined;
  }

  /** Returns a mailbox; undefined after its agent was unregistered. */
  box(agent: bigint): Mailbox | undefined {
    let box = this.#boxes.get(agent);
    if (box === undefined && !this.#boxes.has(agent)) {
      box = this.ctx.db.mailbox.agent.find(agent) ?? undefined;
      this.#cache(box, agent);
    }
    return box;
  }

  /** Returns the mailbox of an agent, or, under `@capability`, of a work queue. */
  boxNamed(name: string): Mailbox | undefined {
    let box = this.#names.get(name);
    if (box === undefined && !this.#names.has(name)) {
      const found = this.ctx.db.mailbox.name.find(name) ?? undefined;
      // The same mailbox may be cached already, by its number.
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

  /** Returns the mailbox of an agent that the caller owns, or refuses. */
  own(agent: bigint): Mailbox {
    return requireOwn(this.box(agent), agent, this.ctx.sender);
  }

  /** Returns true if the caller owns an agent. */
  isOwn(agent: bigint): boolean {
    const box = this.box(agent);
    return box !== undefined && isSame(box.owner, this.ctx.sender);
  }

  /** Inserts a new mailbox. */
  addBox(box: Mailbox): Mailbox {
    this.ctx.db.mailbox.insert(box);
    this.#cache(box, box.agent);
    return box;
  }

  /** Marks a cached mailbox that was changed in memory: `save` writes it. */
  markBoxChanged(box: Mailbox): void {
    this.#changedBoxes.add(box);
  }

  /** Deletes a mailbox and drops its changes. */
  removeBox(box: Mailbox): void {
    this.#changedBoxes.delete(box);
    this.#boxes.set(box.agent, undefined);
    this.#names.set(box.name, undefined);
    this.ctx.db.mailbox.agent.delete(box.agent);
  }

  /** Returns the account of an agent; call `markAccountChanged` after a change in place. */
  account(agent: bigint): Account {
    let account = this.#accounts.get(agent);
    if (!account) {
      const { db } = this.ctx;
      account = db.account.agent.find(agent) ?? db.account.insert(emptyAccount(agent, this.now));
      this.#accounts.set(agent, account);
    }
    return account;
  }

  /** Marks a cached account that was changed in memory: `save` writes it. */
  markAccountChanged(account: Account): void {
    this.#changedAccounts.add(account);
  }

  /** Deletes the account of an agent that was unregistered. */
  removeAccount(account: Account): void {
    this.#changedAccounts.delete(account);
    this.#accounts.delete(account.agent);
    this.ctx.db.account.agent.delete(account.agent);
  }

  /** Limits and retention of the hub. */
  get hub(): Hub {
    this.#hub ??= hubOf(this.ctx.db);
    return this.#hub;
  }

  /** True if any agent has individual limits. */
  get hasQuotas(): boolean {
    this.#hasQuotas ??= this.ctx.db.quota.count() > 0n;
    return this.#hasQuotas;
  }

  /** Counts rows that the call has read or written, about; only those of work that may be large. */
  spend(rows: number): void {
    this.#rows += rows;
  }

  /** Returns true if the call has touched its share of rows: what is left of a large work continues in another call. */
  get isSpent(): boolean {
    return this.#rows >= LIMITS.rowsPerCall;
  }

  /** Stored bytes of the hub. */
  get storedBytes(): bigint {
    if (this.#tally === undefined) {
      const row = this.ctx.db.tally.id.find(0);
      this.#hasTally = row !== null;
      this.#tally = row?.bytes ?? 0n;
    }
    return this.#tally + BigInt(this.#bytes);
  }

  /** Charges an agent (0: the hub) for stored bytes; negative after a deletion. */
  addBytes(agent: bigint, bytes: number): void {
    if (bytes === 0) return;
    this.#bytes += bytes;
    const account = this.account(agent);
    account.stored += BigInt(bytes);
    this.#changedAccounts.add(account);
  }

  /** Returns the id of the next delivery of a mailbox. */
  nextDelivery(box: Mailbox): bigint {
    this.#changedBoxes.add(box);
    this.spend(6);
    const { db } = this.ctx;
    const counter = box.nextDelivery++;
    return deliveryId(db, box.agent, counter) ?? openBlock(db, this.nextNumber('block'), box.agent, counter);
  }

  /** Returns the last number of a log, 0 before the first. */
  lastNumber(log: Log): bigint {
    return this.#head(log).last;
  }

  /** Returns the first number of a log that is kept; one past the last if none is. */
  firstNumber(log: Log): bigint {
    return this.#head(log).first;
  }

  /** Records that numbers below `first` are no longer kept. */
  moveFirst(log: Log, first: bigint): void {
    const head = this.#head(log);
    if (first <= head.first) return;
    head.first = first;
    this.#movedHeads.add(head);
  }

  /** Takes the next number of a log. */
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

  /** Takes the next places in a time slot, from 0 on; several begin at a multiple of their number. Returns the first. */
  placeInSlot(slot: bigint, places = 1): number {
    let entry = this.#slots.get(slot);
    if (!entry) {
      const row = this.ctx.db.dueCount.slot.find(slot);
      entry = { count: row?.count ?? 0, swept: row?.swept ?? 0, isNew: !row };
      this.#slots.set(slot, entry);
    }
    const first = Math.ceil(entry.count / places) * places;
    entry.count = first + places;
    return first;
  }

  /** Writes all changes. The last step of every call. */
  save(): void {
    const { db } = this.ctx;
    for (const box of this.#changedBoxes) db.mailbox.agent.update(box);
    for (const account of this.#changedAccounts) db.account.agent.update(account);
    if (this.#bytes !== 0) {
      const bytes = this.storedBytes;
      if (this.#hasTally) db.tally.id.update({ id: 0, bytes });
      else db.tally.insert({ id: 0, bytes });
    }
    for (const head of this.#movedHeads) db.logHead.log.update(head);
    for (const [slot, { count, swept, isNew }] of this.#slots) {
      if (isNew) db.dueCount.insert({ slot, count, swept });
      else db.dueCount.slot.update({ slot, count, swept });
    }
    this.#changedBoxes.clear();
    this.#movedHeads.clear();
    this.#heads.clear();
    this.#slots.clear();
    this.#changedAccounts.clear();
    this.#tally = undefined;
    this.#bytes = 0;
  }
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
    stored: 0n,
    lastId: '',
  };
}
