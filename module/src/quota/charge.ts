// Charges agents and enforces their limits: a call above a limit is refused, accepted messages are never dropped.

import { LIMITS } from '../contract/limits.ts';
import type { Mailbox } from '../mailbox.ts';
import { refuse } from '../refuse.ts';
import type { UnitOfWork } from '../unit-of-work.ts';
import { limitsOf } from './limits.ts';
import { debtAfter, waitMs } from './rules.ts';

/** The cost of a message or an event. */
export interface Cost {
  /** Deliveries that it creates. */
  readonly deliveries: number;
  /** Recipients, if more than one. */
  readonly fanOut: number;
  /** Bytes that it stores. */
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
    refuse(
      'quota/rate',
      `"${name}" may send ${limits.rate} per second, or ${limits.burst} in a burst; wait ${rateWait} ms`,
    );
  }
  if (account.unfinished + cost.deliveries > limits.unfinished) {
    refuse(
      'quota/unfinished',
      `${account.unfinished} deliveries of "${name}" are unfinished, the limit is ${limits.unfinished}; wait until some have ended`,
    );
  }
  const fanOutWait = waitMs(fanOutDebt, cost.fanOut, limits.fanOut, limits.fanOut / 60);
  if (cost.fanOut > 0 && fanOutWait > 0) {
    refuse(
      'quota/fan-out',
      `"${name}" may reach ${limits.fanOut} recipients per minute, this message has ${cost.fanOut}; wait ${fanOutWait} ms or name fewer`,
    );
  }
  if (cost.bytes > 0) refuseOverflow(unit, sender.agent, cost.bytes);
  account.rateDebt = rateDebt + 1;
  account.fanOutDebt = fanOutDebt + cost.fanOut;
  account.at = unit.now;
  unit.markAccountChanged(account);
}

/** Charges an agent for an act that stores nothing for long, such as a change of its status, or refuses it: it counts as one message. */
export function chargeAct(unit: UnitOfWork, agent: Mailbox, bytes = 0): void {
  charge(unit, agent, { deliveries: 0, fanOut: 0, bytes });
}

/**
 * Charges an agent for a message of a workflow to a mailbox. Returns false, and charges nothing, if a limit of the agent, of that
 * mailbox or of the hub does not allow it now.
 */
export function tryCharge(unit: UnitOfWork, agent: bigint, target: Mailbox, bytes: number): boolean {
  const account = unit.account(agent);
  const limits = limitsOf(unit, agent);
  const passed = unit.now - account.at;
  const rateDebt = debtAfter(account.rateDebt, passed, limits.rate);
  if (waitMs(rateDebt, 1, limits.burst, limits.rate) > 0 || account.unfinished >= limits.unfinished) return false;
  if (isFull(unit, target) || overflowOf(unit, agent, bytes) !== undefined) return false;
  account.rateDebt = rateDebt + 1;
  account.fanOutDebt = debtAfter(account.fanOutDebt, passed, limits.fanOut / 60);
  account.at = unit.now;
  unit.markAccountChanged(account);
  return true;
}

/** Refuses to store more bytes than the limit of the hub, or than the share of it that one agent has. */
export function refuseOverflow(unit: UnitOfWork, agent: bigint, bytes: number): void {
  const fault = overflowOf(unit, agent, bytes);
  if (fault !== undefined) refuse('quota/stored-bytes', fault);
}

/** Returns true if an agent has not used up its share of the stored bytes. */
export function isWithinShare(unit: UnitOfWork, agent: bigint): boolean {
  return unit.account(agent).stored <= shareOf(unit);
}

function shareOf(unit: UnitOfWork): bigint {
  return unit.hub.storedBytes / BigInt(LIMITS.storeShare);
}

/** Returns the sentence about the limit that so many more bytes of an agent would exceed. */
function overflowOf(unit: UnitOfWork, agent: bigint, bytes: number): string | undefined {
  const limit = unit.hub.storedBytes;
  const wayOut = 'an operator can raise the limit or shorten the retention';
  if (unit.storedBytes + BigInt(bytes) > limit) return `the hub has stored its limit of ${limit} bytes; ${wayOut}`;
  const share = shareOf(unit);
  if (unit.account(agent).stored + BigInt(bytes) <= share) return undefined;
  return `agent ${agent} has stored its share of ${share} bytes; ${wayOut}`;
}

/** Refuses a delivery to a mailbox with the maximum number of unfinished ones. */
export function refuseFullInbox(unit: UnitOfWork, box: Mailbox): void {
  if (isFull(unit, box)) refuse('inbox/full', `${sentenceOfFull(box)}; send again when some have ended`);
}

/** Returns the number of unfinished deliveries of a mailbox, with delayed ones and notices. */
export function unfinishedIn(box: Mailbox): number {
  return box.waiting + box.held + box.delayed + box.notices + Number(box.noticeTail - box.noticeHead);
}

/** Returns true if a mailbox has the maximum number of unfinished deliveries. */
export function isFull(unit: UnitOfWork, box: Mailbox): boolean {
  return unfinishedIn(box) >= limitsOf(unit, box.agent).inboxLength;
}

/** Returns the sentence about a full mailbox. */
export function sentenceOfFull(box: Mailbox): string {
  return `"${box.name}" has its maximum number of unfinished deliveries and notices, ${unfinishedIn(box)}`;
}
