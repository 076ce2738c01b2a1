// Operators: granted and revoked by operators; the identity that published the module is the first.

import { t } from 'spacetimedb/server';
import { isOperator, requireOperator } from '../access.ts';
import { refuse } from '../refuse.ts';
import { agora } from '../schema.ts';
import { schedule } from '../time/schedule.ts';
import { asOperator } from './call.ts';

/** Makes an identity an operator; for operators. */
export const grantOperator = agora.reducer({ identity: t.identity() }, (ctx, { identity }) => {
  asOperator(ctx, 'grant', () => {
    if (isOperator(ctx.db, identity)) return undefined;
    ctx.db.operator.insert({ identity, grantedAt: ctx.timestamp.microsSinceUnixEpoch });
    return { identity: identity.toHexString() };
  });
});

/** Revokes an operator, unless it is the last one; for operators. */
export const revokeOperator = agora.reducer({ identity: t.identity() }, (ctx, { identity }) => {
  asOperator(ctx, 'revoke', unit => {
    if (!isOperator(ctx.db, identity)) return undefined;
    if (ctx.db.operator.count() <= 1n)
      refuse('operator/last', 'the last operator cannot be revoked; grant another first');
    ctx.db.operator.identity.delete(identity);
    ctx.db.hubWatch.watcher.delete(identity);
    // On a closed hub it may be admitted no more.
    schedule(unit, unit.now, 'unadmitted', 1n);
    return { identity: identity.toHexString() };
  });
});

const OperatorRow = t.object('OperatorRow', { identity: t.string(), grantedAt: t.i64() });

/** Returns all operators, a small number; for operators. */
export const listOperators = agora.procedure(t.array(OperatorRow), ctx =>
  ctx.withTx(tx => {
    requireOperator(tx);
    return [...tx.db.operator.iter()].map(({ identity, grantedAt }) => ({
      identity: identity.toHexString(),
      grantedAt,
    }));
  }),
);
