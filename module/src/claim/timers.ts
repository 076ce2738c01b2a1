// Timers of claims: the end of a lease, of a wait, and of the grace of an absent holder.

import { LIMITS } from '../contract/limits.ts';
import type { Mailbox } from '../mailbox.ts';
import { toMicros } from '../micros.ts';
import { returnPeriodEnd } from '../time/absence.ts';
import { schedule } from '../time/schedule.ts';
import type { UnitOfWork } from '../unit-of-work.ts';
import { claimsOf, endClaim, isHeld } from './held.ts';

/** Timer: ends a claim whose lease has ended. A claim that was extended since gets its next timer: one for each grant. */
export function endLease(unit: UnitOfWork, number: bigint, id: string): void {
  const row = unit.ctx.db.claim.id.find(id);
  if (!row || !isHeld(row) || row.number !== number) return;
  if (row.until > unit.now) return schedule(unit, row.until, 'claim-lease', number, id);
  // Its holder could not extend it while the hub was absent.
  const until = returnPeriodEnd(unit);
  if (until <= unit.now) return endClaim(unit, row, 'expired', 'the lease ended');
  unit.ctx.db.claim.id.update({ ...row, until });
  schedule(unit, until, 'claim-lease', number, id);
}

/** Timer: ends a claim that still waits at its deadline. */
export function endWait(unit: UnitOfWork, id: string): void {
  const row = unit.ctx.db.claim.id.find(id);
  if (!row || isHeld(row) || row.until > unit.now) return;
  endClaim(unit, row, 'timed_out', 'the resource was not free in time');
}

/** Schedules the end of the claims of an agent that is offline, after the grace. */
export function endClaimsAfterGrace(unit: UnitOfWork, box: Mailbox): void {
  if (!unit.ctx.db.claimLoad.agent.find(box.agent)) return;
  schedule(unit, unit.now + toMicros(LIMITS.graceMs), 'claim-absent', box.agent, String(box.offlineSince));
}

/** Timer: ends the claims of an agent that is still absent since `since`. Bound: `claimsPerAgent` claims. */
export function endAbsent(unit: UnitOfWork, agent: bigint, since: string): void {
  const box = unit.box(agent);
  if (!box || box.online || String(box.offlineSince) !== since) return;
  const until = returnPeriodEnd(unit);
  if (until > unit.now) return schedule(unit, until, 'claim-absent', agent, since);
  for (const { id } of claimsOf(unit, agent)) {
    // Read again: the end of an earlier one may have granted it.
    const row = unit.ctx.db.claim.id.find(id);
    // One that was requested since then, without an attached connection, ends by its lease.
    if (row && row.since <= box.offlineSince) endClaim(unit, row, 'absent', 'the agent went offline');
  }
}
