// Fencing: a call that names a claim and its number is refused as a whole if the claim is not held with that number.

import { refuse } from '../refuse.ts';
import type { UnitOfWork } from '../unit-of-work.ts';
import { isHeld } from './held.ts';

/** Refuses the call unless the caller holds the claim with this number. It changes nothing. */
export function fence(unit: UnitOfWork, act: { readonly claim: string; readonly number: bigint }): void {
  const row = unit.ctx.db.claim.id.find(act.claim);
  if (!row || !isHeld(row) || row.number !== act.number || !unit.isOwn(row.agent))
    refuse('claim/outdated', `claim ${act.claim.slice(0, 64)} is not held with number ${act.number}; claim again`);
}
