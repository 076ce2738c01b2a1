// Work queues: a message to `@capability` goes to exactly one agent that announces it.
//
// I1  A queue is a mailbox without an owner. A delivery in it belongs to nobody until it is offered to an agent.
// I2  After every call: either nothing waits in a queue, or no agent of that capability is free (online, active, with credit).
// I3  Every agent that is free stands once in the list of each of its queues, in the order of becoming free.

import { LIMITS } from '../contract/limits.ts';
import { SIGN } from '../contract/words.ts';
import { emptyMailbox, isQueue, queueNumber, type Desk, type Mailbox } from '../desk.ts';
import { appendSystemEvent } from '../event/publish.ts';
import type { Ctx } from '../schema.ts';
import { hasCredit } from './rules.ts';

type Ready = NonNullable<ReturnType<Ctx['db']['ready']['id']['find']>>;

/** The queue of a capability; undefined when no agent ever announced it. */
export function queueOf(desk: Desk, capability: string): Mailbox | undefined {
  return desk.boxNamed(SIGN.capability + capability);
}

/** Enters an agent in the queues of what it can do; each is made by the first that announces it. */
export function enterQueues(desk: Desk, box: Mailbox, capabilities: readonly string[]): void {
  box.capabilities = capabilities.length;
  desk.changed(box);
  for (const capability of capabilities) {
    desk.ctx.db.agentCapability.insert({ id: 0n, capability, agent: box.agent });
    const queue = queueOf(desk, capability) ?? openQueue(desk, capability);
    queue.capabilities++;
    desk.changed(queue);
  }
}

/** Takes an agent out of its queues. Where nobody is left for what waits, everybody is told. */
export function leaveQueues(desk: Desk, box: Mailbox): void {
  leaveReady(desk, box);
  for (const queue of queuesOf(desk, box)) {
    queue.capabilities = Math.max(0, queue.capabilities - 1);
    desk.changed(queue);
    if (queue.waiting > 0) alertIfDeserted(desk, queue);
  }
  desk.ctx.db.agentCapability.agent.delete(box.agent);
  box.capabilities = 0;
  desk.changed(box);
}

/** Something waits in a queue that no agent announces any more: what depends on it stands still until one does. */
export function alertIfDeserted(desk: Desk, queue: Mailbox): void {
  if (!isQueue(queue.agent) || queue.capabilities > 0) return;
  appendSystemEvent(desk, 'system_alert', {
    alert: 'queue_deserted',
    capability: queue.name.slice(SIGN.capability.length),
    waiting: queue.waiting,
  });
}

function openQueue(desk: Desk, capability: string): Mailbox {
  const number = queueNumber(desk.nextNumber('queue'));
  const nobody = desk.ctx.databaseIdentity;
  return desk.addBox(emptyMailbox(number, SIGN.capability + capability, nobody, { credit: 0, strict: false }));
}

/** The queues of an agent: at most as many as it may have capabilities. */
export function queuesOf(desk: Desk, box: Mailbox): Mailbox[] {
  if (box.capabilities === 0) return [];
  const queues = [];
  for (const { capability } of desk.ctx.db.agentCapability.agent.filter(box.agent)) {
    const queue = queueOf(desk, capability);
    if (queue) queues.push(queue);
  }
  return queues;
}

/** Whether an agent may be given work from a queue. */
export function isFree(box: Mailbox): boolean {
  return box.isActive && hasCredit(box);
}

/** Puts an agent at the end of each of its queues' lists, or takes it out of them, as it is free or not. */
export function standReady(desk: Desk, box: Mailbox): void {
  if (box.capabilities === 0 || box.isReady === isFree(box)) return;
  if (box.isReady) return leaveReady(desk, box);
  box.isReady = true;
  desk.changed(box);
  for (const queue of queuesOf(desk, box)) append(desk, queue, box.agent);
}

/** Takes an agent out of the lists that it stands in. */
export function leaveReady(desk: Desk, box: Mailbox): void {
  if (!box.isReady) return;
  box.isReady = false;
  desk.changed(box);
  const { db } = desk.ctx;
  // One row a capability. Each is read again: taking one out changes its neighbours.
  for (const { id } of [...db.ready.agent.filter(box.agent)]) {
    const row = db.ready.id.find(id);
    if (row) unlink(desk, row);
  }
}

/** An agent that a delivery of a queue goes to, and its place in the list. */
export interface Pick {
  readonly box: Mailbox;
  readonly row: Ready;
}

/** Of the sixteen that have been free for longest, the one with the most credit left. */
export function pickReady(desk: Desk, queue: Mailbox): Pick | undefined {
  let best: Pick | undefined;
  let row = desk.ctx.db.ready.id.find(queue.readyFirst) ?? undefined;
  for (let looked = 0; row && looked < LIMITS.readyWindow; looked++) {
    const box = desk.box(row.agent);
    if (box && isFree(box) && (!best || left(box) > left(best.box))) best = { row, box };
    row = desk.ctx.db.ready.id.find(row.next) ?? undefined;
  }
  return best;
}

/** An agent was given something: it stands behind the others that are free, or nowhere if it is not. */
export function stepBack(desk: Desk, queue: Mailbox, { box, row }: Pick): void {
  if (!isFree(box)) return leaveReady(desk, box);
  if (row.id === queue.readyLast) return;
  unlink(desk, row);
  append(desk, queue, box.agent);
}

function left(box: Mailbox): number {
  return box.credit - box.held;
}

function append(desk: Desk, queue: Mailbox, agent: bigint): void {
  const { ready } = desk.ctx.db;
  const previous = queue.readyLast;
  const { id } = ready.insert({ id: 0n, queue: queue.agent, agent, previous, next: 0n });
  const before = ready.id.find(previous);
  if (before) ready.id.update({ ...before, next: id });
  else queue.readyFirst = id;
  queue.readyLast = id;
  desk.changed(queue);
}

function unlink(desk: Desk, row: Ready): void {
  const { ready } = desk.ctx.db;
  const queue = desk.box(row.queue);
  const before = ready.id.find(row.previous);
  const after = ready.id.find(row.next);
  if (before) ready.id.update({ ...before, next: row.next });
  else if (queue) queue.readyFirst = row.next;
  if (after) ready.id.update({ ...after, previous: row.previous });
  else if (queue) queue.readyLast = row.previous;
  if (queue) desk.changed(queue);
  ready.id.delete(row.id);
}
