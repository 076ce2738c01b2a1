// Claims: those on given resources, and an operator's way to end one. The table `claim` is public.

import { t } from 'spacetimedb/server';
import { requireAdmitted } from '../access.ts';
import { checkPage } from '../checks.ts';
import { breakClaim as endByOperator, isHeld } from '../claim/held.ts';
import { conflictsOf } from '../claim/places.ts';
import { checkResources } from '../claim/rules.ts';
import { agora } from '../schema.ts';
import { claim, ClaimResource } from '../tables/claim.ts';
import { asOperator } from './call.ts';

/** Returns the claims, of any agent, that conflict with an exclusive claim of the resources: held ones first, oldest first. */
export const claimsOn = agora.procedure(
  { resources: t.array(ClaimResource), limit: t.u32() },
  t.array(claim.rowType),
  (ctx, { resources, limit }) => {
    checkPage(limit);
    const wanted = checkResources(resources);
    return ctx.withTx(tx => {
      requireAdmitted(tx);
      const ids = conflictsOf(tx.db, { resources: wanted, isShared: false });
      return [...ids]
        .flatMap(id => tx.db.claim.id.find(id) ?? [])
        .sort((a, b) => Number(isHeld(b)) - Number(isHeld(a)) || Number(a.since - b.since))
        .slice(0, limit);
    });
  },
);

/** Ends a claim, and notifies its agent; for operators. The next claim in the queue is granted. */
export const breakClaim = agora.reducer({ claim: t.string(), reason: t.string() }, (ctx, { claim: id, reason }) => {
  asOperator(ctx, 'break_claim', unit => endByOperator(unit, id, reason));
});
