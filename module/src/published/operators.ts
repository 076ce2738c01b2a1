// Operators are granted and revoked by operators; the identity that published the module is the first.

import { t } from 'spacetimedb/server';
import { isOperator } from '../access.ts';
import { keepLooking } from '../message/retention.ts';
import { refuse } from '../refuse.ts';
import { agora } from '../schema.ts';
import { asOperator } from '../event/record-act.ts';

/** Makes the publisher the first operator. */
export const init = agora.init(ctx => {
  ctx.db.operator.insert({ identity: ctx.sender, grantedAt: ctx.timestamp.microsSinceUnixEpoch });
  keepLooking(ctx);
});

/** Makes an identity an operator; for operators. */
export const grantOperator = agora.reducer({ identity: t.identity() }, (ctx, { identity }) => {
  asOperator(ctx, 'grant', () => {
    if (isOperator(ctx.db, identity)) return undefined;
    ctx.db.operator.insert({ identity, grantedAt: ctx.timestamp.microsSinceUnixEpoch });
    return { identity: identity.toHexString() };
  });
});

/** Takes the operator from an identity, unless it is the last; for operators. */
export const revokeOperator = agora.reducer({ identity: t.identity() }, (ctx, { identity }) => {
  asOperator(ctx, 'revoke', () => {
    if (!isOperator(ctx.db, identity)) return undefined;
    if (ctx.db.operator.count() <= 1n)
      refuse('operator/last', 'the last operator cannot be revoked; grant another first');
    ctx.db.operator.identity.delete(identity);
    ctx.db.hubWatch.watcher.delete(identity);
    return { identity: identity.toHexString() };
  });
});
