// Holds an agent to what it may cause. When a limit is hit the new thing is refused; nothing accepted is dropped.

import { refuse } from '../refuse.ts';
import type { Mailbox, UnitOfWork } from '../unit-of-work.ts';
import { debtAfter, waitMs } from './rules.ts';

/** What holds for an agent. */
export interface Limits {
  /** Messages and events a second, and how many at once. */
  readonly rate: number;
  readonly burst: number;
  readonly unfinished: number;
  readonly inboxLength: number;
  /** Recipients a minute. */
  readonly fanOut: number;
}

/** The limits of an agent: its own, or the hub's. */
export function limitsOf(unit: UnitOfWork, agent: bigint): Limits {
  const own = unit.hasQuotas ? unit.ctx.db.quota.agent.find(agent) : undefined;
  return own ?? unit.hub;
}

/** What a message or an event costs its agent. */
export interface Cost {
  /** Deliveries it makes. */
  readonly deliveries: number;
  /** Recipients, where it is said to more than one. */
  readonly fanOut: number;
  /** Bytes that are stored of it. */
  readonly bytes: number;
}

/** Charges an agent for one message or event, or refuses it. */
export function charge(unit: UnitOfWork, sender: Mailbox, cost: Cost): void {
  const account = unit.account(sender.agent);
  const limits = limitsOf(unit, sender.agent);
  const passed = unit.now - account.at;
  const rateDebt = debtAfter(account.rateDebt, passed, limits.rate);
  const fanOutDebt = debtAfter(account.fanOutDebt, passed, limits.fanOut / 60);
  const { name } = sender;
  const rateWait = waitMs(rateDebt, 1, limits.burst, limits.rate);
  if (rateWait > 0) {
    refuse('quota/rate', `"${name}" may send ${limits.rate} a second, ${limits.burst} at once; wait ${rateWait} ms`);
  }
  if (account.unfinished + cost.deliveries > limits.unfinished) {
    refuse(
      'quota/unfinished',
      `${account.unfinished} deliveries of "${name}" are unfinished, of ${limits.unfinished}; wait for some of them`,
    );
  }
  const fanOutWait = waitMs(fanOutDebt, cost.fanOut, limits.fanOut, limits.fanOut / 60);
  if (cost.fanOut > 0 && fanOutWait > 0) {
    refuse(
      'quota/fan-out',
      `"${name}" may reach ${limits.fanOut} recipients a minute, and this has ${cost.fanOut}; wait ${fanOutWait} ms, or name fewer`,
    );
  }
  refuseOverflow(unit, cost.bytes);
  account.rateDebt = rateDebt + 1;
  account.fanOutDebt = fanOutDebt + cost.fanOut;
  account.at = unit.now;
  unit.charged(account);
}

/** Refuses to store more than the hub may keep. */
export function refuseOverflow(unit: UnitOfWork, bytes: number): void {
  const limit = unit.hub.storedBytes;
  if (unit.storedBytes + BigInt(bytes) > limit) {
    refuse('quota/stored-bytes', `the hub keeps ${limit} bytes and is full; an operator can raise it, or purge`);
  }
}

/** Refuses more deliveries than may wait for a recipient. */
export function refuseFullInbox(unit: UnitOfWork, box: Mailbox): void {
  const { inboxLength } = limitsOf(unit, box.agent);
  if (box.waiting + box.held < inboxLength) return;
  refuse('inbox/full', `"${box.name}" has ${inboxLength} unfinished deliveries; send again when it has caught up`);
}
