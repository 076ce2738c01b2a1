// Work queues: a message to `@capability` goes to exactly one agent that announces it.
//
// I1  A queue is a mailbox without an owner. A delivery in it belongs to nobody until it is offered to an agent.
// I2  After every call: either nothing waits in a queue, or no agent of that capability is free (online, active, with credit).
// I3  Every agent that is free stands once in the list of each of its queues, in the order of becoming free.

import { LIMITS } from '../contract/limits.ts';
import { SIGN } from '../contract/words.ts';
import { appendSystemEvent } from '../event/append.ts';
import type { Ctx } from '../schema.ts';
import { emptyMailbox, isQueue, type Mailbox, queueNumber, type UnitOfWork } from '../unit-of-work.ts';
import { hasCredit } from './rules.ts';

type Ready = NonNullable<ReturnType<Ctx['db']['ready']['id']['find']>>;

/** The queue of a capability; undefined when no agent ever announced it. */
export function queueOf(unit: UnitOfWork, capability: string): Mailbox | undefined {
  return unit.boxNamed(SIGN.capability + capability);
}

/** Enters an agent in the queues of what it can do; each is made by the first that announces it. */
export function enterQueues(unit: UnitOfWork, box: Mailbox, capabilities: readonly string[]): void {
  box.capabilities = capabilities.length;
  unit.changed(box);
  for (const capability of capabilities) {
    unit.ctx.db.agentCapability.insert({ id: 0n, capability, agent: box.agent });
    const queue = queueOf(unit, capability) ?? openQueue(unit, capability);
    queue.capabilities++;
    unit.changed(queue);
  }
}

/** Takes an agent out of its queues. Where nobody is left for what waits, everybody is told. */
export function leaveQueues(unit: UnitOfWork, box: Mailbox): void {
  leaveReady(unit, box);
  for (const queue of queuesOf(unit, box)) {
    queue.capabilities = Math.max(0, queue.capabilities - 1);
    unit.changed(queue);
    if (queue.waiting > 0) alertIfDeserted(unit, queue);
  }
  unit.ctx.db.agentCapability.agent.delete(box.agent);
  box.capabilities = 0;
  unit.changed(box);
}

/** Something waits in a queue that no agent announces any more: what depends on it stands still until one does. */
export function alertIfDeserted(unit: UnitOfWork, queue: Mailbox): void {
  if (!isQueue(queue.agent) || queue.capabilities > 0) return;
  appendSystemEvent(unit, 'system_alert', {
    alert: 'queue_deserted',
    capability: queue.name.slice(SIGN.capability.length),
    waiting: queue.waiting,
  });
}

function openQueue(unit: UnitOfWork, capability: string): Mailbox {
  const number = queueNumber(unit.nextNumber('queue'));
  const nobody = unit.ctx.databaseIdentity;
  return unit.addBox(emptyMailbox(number, SIGN.capability + capability, nobody, { credit: 0, strict: false }));
}

/** The queues of an agent: at most as many as it may have capabilities. */
export function queuesOf(unit: UnitOfWork, box: Mailbox): Mailbox[] {
  if (box.capabilities === 0) return [];
  const queues = [];
  for (const { capability } of unit.ctx.db.agentCapability.agent.filter(box.agent)) {
    const queue = queueOf(unit, capability);
    if (queue) queues.push(queue);
  }
  return queues;
}

/** Whether an agent may be given work from a queue. */
export function isFree(box: Mailbox): boolean {
  return box.isActive && hasCredit(box);
}

/** Puts an agent at the end of each of its queues' lists, or takes it out of them, as it is free or not. */
export function standReady(unit: UnitOfWork, box: Mailbox): void {
  if (box.capabilities === 0 || box.isReady === isFree(box)) return;
  if (box.isReady) return leaveReady(unit, box);
  box.isReady = true;
  unit.changed(box);
  for (const queue of queuesOf(unit, box)) append(unit, queue, box.agent);
}

/** Takes an agent out of the lists that it stands in. */
export function leaveReady(unit: UnitOfWork, box: Mailbox): void {
  if (!box.isReady) return;
  box.isReady = false;
  unit.changed(box);
  const { db } = unit.ctx;
  // One row a capability. Each is read again: taking one out changes its neighbours.
  for (const { id } of [...db.ready.agent.filter(box.agent)]) {
    const row = db.ready.id.find(id);
    if (row) unlink(unit, row);
  }
}

/** An agent that a delivery of a queue goes to, and its place in the list. */
export interface ReadyAgent {
  readonly box: Mailbox;
  readonly row: Ready;
}

/** Of the sixteen that have been free for longest, the one with the most credit left. */
export function pickReady(unit: UnitOfWork, queue: Mailbox): ReadyAgent | undefined {
  let best: ReadyAgent | undefined;
  let row = unit.ctx.db.ready.id.find(queue.readyFirst) ?? undefined;
  for (let looked = 0; row && looked < LIMITS.readyWindow; looked++) {
    const box = unit.box(row.agent);
    if (box && isFree(box) && (!best || left(box) > left(best.box))) best = { row, box };
    row = unit.ctx.db.ready.id.find(row.next) ?? undefined;
  }
  return best;
}

/** An agent was given something: it stands behind the others that are free, or nowhere if it is not. */
export function stepBack(unit: UnitOfWork, queue: Mailbox, { box, row }: ReadyAgent): void {
  if (!isFree(box)) return leaveReady(unit, box);
  if (row.id === queue.readyLast) return;
  unlink(unit, row);
  append(unit, queue, box.agent);
}

function left(box: Mailbox): number {
  return box.credit - box.held;
}

function append(unit: UnitOfWork, queue: Mailbox, agent: bigint): void {
  const { ready } = unit.ctx.db;
  const previous = queue.readyLast;
  const { id } = ready.insert({ id: 0n, queue: queue.agent, agent, previous, next: 0n });
  const before = ready.id.find(previous);
  if (before) ready.id.update({ ...before, next: id });
  else queue.readyFirst = id;
  queue.readyLast = id;
  unit.changed(queue);
}

function unlink(unit: UnitOfWork, row: Ready): void {
  const { ready } = unit.ctx.db;
  const queue = unit.box(row.queue);
  const before = ready.id.find(row.previous);
  const after = ready.id.find(row.next);
  if (before) ready.id.update({ ...before, next: row.next });
  else if (queue) queue.readyFirst = row.next;
  if (after) ready.id.update({ ...after, previous: row.previous });
  else if (queue) queue.readyLast = row.previous;
  if (queue) unit.changed(queue);
  ready.id.delete(row.id);
}
