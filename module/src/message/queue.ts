// Work queues: a message to `@capability` goes to exactly one agent that announces it.
//
// I1  A queue is a mailbox without an owner. A delivery in it has no holder until it is offered to an agent.
// I2  After every call, a queue is empty, or no agent of that capability is free (online, active, with credit).
// I3  Every free agent is once in the ready list of each of its queues, in the order in which the agents became free.

import { LIMITS, ROW_BYTES } from '../contract/limits.ts';
import { SIGN } from '../contract/words.ts';
import { appendSystemEvent } from '../event/append.ts';
import { emptyMailbox, isQueue, type Mailbox, queueNumber } from '../mailbox.ts';
import { toMicros } from '../micros.ts';
import type { Ctx } from '../schema.ts';
import { schedule } from '../time/schedule.ts';
import type { UnitOfWork } from '../unit-of-work.ts';
import { hasCredit } from './rules.ts';

type Ready = NonNullable<ReturnType<Ctx['db']['ready']['id']['find']>>;

/** Returns the queue of a capability; undefined if no agent ever announced it. */
export function queueOf(unit: UnitOfWork, capability: string): Mailbox | undefined {
  return unit.boxNamed(SIGN.capability + capability);
}

/** Adds an agent to the queues of its capabilities. The first agent that announces a capability creates its queue. */
export function enterQueues(unit: UnitOfWork, box: Mailbox, capabilities: readonly string[]): void {
  box.capabilities = capabilities.length;
  unit.markBoxChanged(box);
  for (const capability of capabilities) {
    unit.ctx.db.agentCapability.insert({ id: 0n, capability, agent: box.agent });
    const queue = queueOf(unit, capability) ?? openQueue(unit, capability);
    queue.capabilities++;
    queue.offlineSince = 0n;
    unit.markBoxChanged(queue);
  }
}

/** Removes an agent from its queues. A queue that still has deliveries but no agent left publishes an alert. */
export function leaveQueues(unit: UnitOfWork, box: Mailbox): void {
  leaveReady(unit, box);
  for (const queue of queuesOf(unit, box)) {
    queue.capabilities = Math.max(0, queue.capabilities - 1);
    unit.markBoxChanged(queue);
    if (queue.capabilities === 0) becomeDeserted(unit, queue);
    if (queue.waiting > 0) alertIfDeserted(unit, queue);
  }
  unit.ctx.db.agentCapability.agent.delete(box.agent);
  box.capabilities = 0;
  unit.markBoxChanged(box);
}

/** Records the time since which no agent announces a queue, and schedules its check; one such timer runs for each queue. */
function becomeDeserted(unit: UnitOfWork, queue: Mailbox): void {
  queue.offlineSince = unit.now;
  if (queue.sweepAt !== 0n) return;
  queue.sweepAt = unit.now + toMicros(LIMITS.keepQueuesMs);
  schedule(unit, queue.sweepAt, 'deserted', queue.agent);
}

/** Publishes an alert, charged to `agent`, if no agent announces the capability of a queue: its deliveries wait until one does. */
export function alertIfDeserted(unit: UnitOfWork, queue: Mailbox, agent = 0n): void {
  if (!isQueue(queue.agent) || queue.capabilities > 0) return;
  appendSystemEvent(unit, agent, 'system_alert', {
    alert: 'queue_deserted',
    capability: queue.name.slice(SIGN.capability.length),
    waiting: queue.waiting,
  });
}

function openQueue(unit: UnitOfWork, capability: string): Mailbox {
  const number = queueNumber(unit.nextNumber('queue'));
  const owner = unit.ctx.databaseIdentity; // never the identity of a caller
  unit.addBytes(0n, ROW_BYTES.queue);
  return unit.addBox(emptyMailbox(number, SIGN.capability + capability, owner, { credit: 0, strict: false }));
}

/** Returns the queues of an agent: at most `LIMITS.capabilities`. */
export function queuesOf(unit: UnitOfWork, box: Mailbox): Mailbox[] {
  if (box.capabilities === 0) return [];
  const queues = [];
  for (const { capability } of unit.ctx.db.agentCapability.agent.filter(box.agent)) {
    const queue = queueOf(unit, capability);
    if (queue) queues.push(queue);
  }
  return queues;
}

/** Returns true if an agent may be offered deliveries of a queue. */
export function isFree(box: Mailbox): boolean {
  return box.isActive && hasCredit(box);
}

/** Adds an agent that became free to the end of its ready lists, or removes one that is no longer free. */
export function syncReady(unit: UnitOfWork, box: Mailbox): void {
  if (box.capabilities === 0 || box.isReady === isFree(box)) return;
  if (box.isReady) return leaveReady(unit, box);
  box.isReady = true;
  unit.markBoxChanged(box);
  for (const queue of queuesOf(unit, box)) append(unit, queue, box.agent);
}

/** Removes an agent from its ready lists. */
export function leaveReady(unit: UnitOfWork, box: Mailbox): void {
  if (!box.isReady) return;
  box.isReady = false;
  unit.markBoxChanged(box);
  const { db } = unit.ctx;
  // One row per capability. Each is read again, since unlinking a row changes its neighbours.
  for (const { id } of [...db.ready.agent.filter(box.agent)]) {
    const row = db.ready.id.find(id);
    if (row) unlink(unit, row);
  }
}

/** A free agent, and its row in the ready list of a queue. */
export interface ReadyAgent {
  readonly box: Mailbox;
  readonly row: Ready;
}

/**
 * Returns the agent with the most credit left, or with the fewest held deliveries, among the sixteen that have been free for the
 * longest time.
 */
export function pickReady(unit: UnitOfWork, queue: Mailbox, byFewestHeld = false): ReadyAgent | undefined {
  const isBetter = (box: Mailbox, than: Mailbox) =>
    byFewestHeld ? box.held < than.held : creditLeft(box) > creditLeft(than);
  let best: ReadyAgent | undefined;
  let row = unit.ctx.db.ready.id.find(queue.readyFirst) ?? undefined;
  for (let looked = 0; row && looked < LIMITS.readyWindow; looked++) {
    const box = unit.box(row.agent);
    if (box && isFree(box) && (!best || isBetter(box, best.box))) best = { row, box };
    row = unit.ctx.db.ready.id.find(row.next) ?? undefined;
  }
  return best;
}

/** Moves an agent after an offer to the end of the ready list, or removes it if it is no longer free. */
export function moveToEnd(unit: UnitOfWork, queue: Mailbox, { box, row }: ReadyAgent): void {
  if (!isFree(box)) return leaveReady(unit, box);
  if (row.id === queue.readyLast) return;
  unlink(unit, row);
  append(unit, queue, box.agent);
}

function creditLeft(box: Mailbox): number {
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
  unit.markBoxChanged(queue);
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
  if (queue) unit.markBoxChanged(queue);
  ready.id.delete(row.id);
}
