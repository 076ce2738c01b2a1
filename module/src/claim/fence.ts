// Fencing: acts that name a claim and its number. A call with an outdated number is refused as a whole, and messages show their
// recipients the claim that the hub has verified.

import { refuse } from '../refuse.ts';
import type { UnitOfWork } from '../unit-of-work.ts';
import { isHeld } from './held.ts';

/** Fields of the act `Fence`. */
interface FenceFields {
  readonly claim: string;
  readonly number: bigint;
  /** The next acts of the call, which name the claim. */
  readonly acts: number;
}

/** Refuses the call unless the caller holds the claim with this number. It changes no row. */
export function fence(unit: UnitOfWork, { claim, number, acts }: FenceFields): void {
  const row = unit.ctx.db.claim.id.find(claim);
  if (!row || !isHeld(row) || row.number !== number || !unit.isOwn(row.agent))
    refuse('claim/outdated', `claim ${claim.slice(0, 64)} is not held with number ${number}; claim again`);
  unit.fence({ id: row.id, number: Number(number) }, acts);
}
