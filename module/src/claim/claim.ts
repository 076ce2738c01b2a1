// Claims resources for an agent: all of them, or none.
//
// I1  Two claims of which one is exclusive, and whose resources can be the same, are never both held.
// I2  A claim waits for exactly the earlier claims that conflict with it (`claimWait`), held or waiting. It is granted in the
//     transaction that ends the last of them, so that no wake-up is lost and the queue is fair.
// I3  Numbers come from one counter of the hub, so that they also grow between overlapping patterns.

import { LIMITS } from '../contract/limits.ts';
import type { ClaimState } from '../contract/words.ts';
import { toMicros } from '../micros.ts';
import type { Mailbox } from '../mailbox.ts';
import { charge } from '../quota/charge.ts';
import { refuse } from '../refuse.ts';
import { schedule } from '../time/schedule.ts';
import type { UnitOfWork } from '../unit-of-work.ts';
import { cycleOf } from './cycle.ts';
import { bytesOf, type Claim, grant, isHeld, nameResources } from './held.ts';
import { addPlaces, conflictsOf } from './places.ts';
import { checkClaim, checkLease, type ClaimFields } from './rules.ts';

/** Holders that a refusal names. */
const NAMED = 5;

/** Claims resources, or joins their queue if `waitMs` is set. Idempotent by its id, as long as the claim exists. */
export function claim(unit: UnitOfWork, act: ClaimFields): void {
  const { db } = unit.ctx;
  const box = unit.own(act.agent);
  const resources = checkClaim(act);
  const earlier = db.claim.id.find(act.id);
  if (earlier) {
    const isSame =
      earlier.agent === act.agent &&
      earlier.isShared === act.shared &&
      JSON.stringify(earlier.resources) === JSON.stringify(resources);
    if (isSame) return;
    refuse('claim/id-reused', `${act.id} was used for another claim; claim under a new id`);
  }
  const row: Claim = {
    id: act.id,
    agent: box.agent,
    name: box.name,
    resources,
    isShared: act.shared,
    note: act.note.slice(0, LIMITS.reasonLength),
    state: 'waiting' satisfies ClaimState,
    number: 0n,
    ahead: 0,
    since: unit.now,
    grantedAt: 0n,
    until: unit.now + toMicros(act.waitMs),
    leaseMs: act.leaseMs || LIMITS.leaseMs,
  };
  chargeClaim(unit, box, row);
  const blockers = [...conflictsOf(db, { resources, isShared: act.shared })].flatMap(id => db.claim.id.find(id) ?? []);
  if (blockers.length > 0) checkWait(unit, box, blockers, act.waitMs);
  addPlaces(db, row.id, { resources, isShared: act.shared });
  const claimed = db.claim.insert({ ...row, ahead: blockers.length });
  for (const { id } of blockers) db.claimWait.insert({ id: 0n, waiter: row.id, blocker: id });
  unit.spend(blockers.length + 8 * resources.length);
  if (blockers.length === 0) grant(unit, claimed);
  else schedule(unit, row.until, 'claim-wait', 0n, row.id);
}

/** Extends the lease of a claim of the caller: it ends `ms` from now, or later. Its one timer goes on from the earlier end. */
export function extendClaim(unit: UnitOfWork, act: { readonly claim: string; readonly ms: number }): void {
  const row = unit.ctx.db.claim.id.find(act.claim);
  checkLease(act.ms);
  if (!row || !isHeld(row)) refuse('claim/lost', `claim ${act.claim.slice(0, 64)} is not held; claim again`);
  unit.own(row.agent);
  const until = unit.now + toMicros(act.ms);
  if (until > row.until) unit.ctx.db.claim.id.update({ ...row, until });
}

/** Charges the holder: one act of its rate, the stored bytes, and the number of its resources. */
function chargeClaim(unit: UnitOfWork, box: Mailbox, row: Claim): void {
  const { claimLoad } = unit.ctx.db;
  const load = claimLoad.agent.find(box.agent);
  const resources = (load?.resources ?? 0) + row.resources.length;
  if (resources > LIMITS.claimsPerAgent)
    refuse(
      'claim/too-many',
      `the claims of "${box.name}" may name ${LIMITS.claimsPerAgent} resources; release some first`,
    );
  if (load) claimLoad.agent.update({ agent: box.agent, resources });
  else claimLoad.insert({ agent: box.agent, resources });
  charge(unit, box, { deliveries: 0, fanOut: 0, bytes: bytesOf(row) });
  unit.addBytes(box.agent, bytesOf(row));
}

/** Refuses a claim that conflicts with others and may not wait for them. */
function checkWait(unit: UnitOfWork, box: Mailbox, blockers: readonly Claim[], waitMs: number): void {
  if (waitMs === 0) refuse('claim/held', sentenceOfHeld(blockers));
  if (blockers.length > LIMITS.claimQueue)
    refuse('claim/queue-full', `the claim would wait for ${blockers.length} others, the limit is ${LIMITS.claimQueue}`);
  for (const blocker of blockers) {
    // At most `claimQueue` rows.
    const waiting = [...unit.ctx.db.claimWait.blocker.filter(blocker.id)].length;
    if (waiting >= LIMITS.claimQueue)
      refuse('claim/queue-full', `${waiting} claims wait for ${nameResources(blocker)} already; try again later`);
  }
  const cycle = cycleOf(unit, box, blockers);
  if (cycle !== undefined) refuse('claim/deadlock', `${cycle}; release a claim first`);
}

function sentenceOfHeld(blockers: readonly Claim[]): string {
  const byState = [...blockers].sort((a, b) => Number(isHeld(b)) - Number(isHeld(a)));
  const named = byState.slice(0, NAMED).map(each => {
    const until = new Date(Number(each.until / 1000n)).toISOString();
    const note = each.note === '' ? '' : ` (${each.note.slice(0, 200)})`;
    const how = isHeld(each) ? `is held by "${each.name}" until ${until}` : `is awaited by "${each.name}"`;
    return `${nameResources(each)} ${how}${note}`;
  });
  const rest = blockers.length - named.length;
  return `${named.join('; ')}${rest > 0 ? `; and ${rest} more` : ''}; wait for it, or ask its holder`;
}
