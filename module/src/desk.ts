// What one call works on: the narrow rows that many acts of it touch are read once, changed in memory, written once.
// A call that throws writes nothing, since `save` is its last step.

import { requireOwn } from './access.ts';
import { LIMITS } from './contract.ts';
import type { Ctx } from './schema.ts';

/** The narrow row of an agent, as it lies on the desk: changed in place, written by `save`. */
export type Mailbox = NonNullable<ReturnType<Ctx['db']['mailbox']['agent']['find']>>;
type LogHead = NonNullable<ReturnType<Ctx['db']['logHead']['log']['find']>>;

/** A log whose numbers are dense; `agent` numbers agents. */
export type Log = 'event' | 'broadcast' | 'agent';

/** A delivery's number names its agent: agent id × 2³² + a number that counts up. */
const AGENT_SHIFT = 32n;

/** The agent that a delivery belongs to. */
export function agentOfDelivery(delivery: bigint): bigint {
  return delivery >> AGENT_SHIFT;
}

/** The rows one call works on. */
export class Desk {
  readonly ctx: Ctx;
  /** Microseconds since 1970: the time of the whole call. */
  readonly now: bigint;
  readonly #boxes = new Map<bigint, Mailbox | undefined>();
  readonly #names = new Map<string, Mailbox | undefined>();
  readonly #changed = new Set<Mailbox>();
  readonly #heads = new Map<Log, LogHead>();
  readonly #movedHeads = new Set<LogHead>();
  readonly #slots = new Map<bigint, { count: number; readonly isNew: boolean }>();

  constructor(ctx: Ctx) {
    this.ctx = ctx;
    this.now = ctx.timestamp.microsSinceUnixEpoch;
  }

  /** The mailbox of an agent; undefined when the agent is gone. */
  box(agent: bigint): Mailbox | undefined {
    let box = this.#boxes.get(agent);
    if (box === undefined && !this.#boxes.has(agent)) {
      box = this.ctx.db.mailbox.agent.find(agent) ?? undefined;
      this.#remember(box, agent);
    }
    return box;
  }

  boxNamed(name: string): Mailbox | undefined {
    let box = this.#names.get(name);
    if (box === undefined && !this.#names.has(name)) {
      const found = this.ctx.db.mailbox.name.find(name) ?? undefined;
      // The same agent may be on the desk already, known by its id.
      box = found && (this.#boxes.get(found.agent) ?? found);
      if (box) this.#remember(box, box.agent);
      else this.#names.set(name, undefined);
    }
    return box;
  }

  #remember(box: Mailbox | undefined, agent: bigint): void {
    this.#boxes.set(agent, box);
    if (box) this.#names.set(box.name, box);
  }

  /** The mailbox of an agent that the caller owns. */
  own(agent: bigint): Mailbox {
    return requireOwn(this.box(agent), agent, this.ctx.sender);
  }

  /** Puts a new mailbox on the desk and in the table. */
  addBox(box: Mailbox): Mailbox {
    this.ctx.db.mailbox.insert(box);
    this.#remember(box, box.agent);
    return box;
  }

  /** Says that a mailbox of this desk was changed in memory. */
  changed(box: Mailbox): void {
    this.#changed.add(box);
  }

  /** The mailbox is deleted; what is on the desk of it is forgotten. */
  removeBox(box: Mailbox): void {
    this.#changed.delete(box);
    this.#boxes.set(box.agent, undefined);
    this.#names.set(box.name, undefined);
    this.ctx.db.mailbox.agent.delete(box.agent);
  }

  nextDelivery(box: Mailbox): bigint {
    this.#changed.add(box);
    return (box.agent << AGENT_SHIFT) | box.nextDelivery++;
  }

  /** The last number given in a log, 0 before the first. */
  lastNumber(log: Log): bigint {
    return this.#head(log).last;
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
    for (const head of this.#movedHeads) db.logHead.log.update(head);
    for (const [slot, { count, isNew }] of this.#slots) {
      if (isNew) db.dueCount.insert({ slot, count });
      else db.dueCount.slot.update({ slot, count });
    }
    this.#changed.clear();
    this.#movedHeads.clear();
    this.#heads.clear();
    this.#slots.clear();
  }
}

/** Runs a call on a desk and writes what it changed. */
export function withDesk(ctx: Ctx, work: (desk: Desk) => void): void {
  const desk = new Desk(ctx);
  work(desk);
  desk.save();
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
  };
}
