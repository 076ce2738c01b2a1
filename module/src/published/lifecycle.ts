// Hooks: publishing of the module, connect and disconnect of a client.

import { isAdmitted } from '../access.ts';
import { detachConnection } from '../agent/presence.ts';
import { hubOf } from '../hub.ts';
import { ensureSweep } from '../message/retention.ts';
import { admitByToken } from '../operator/admission.ts';
import { agora } from '../schema.ts';
import { ensureTimerWatch } from '../time/recover.ts';
import { withUnitOfWork } from './call.ts';

/** Makes the publisher the first operator. */
export const init = agora.init(ctx => {
  ctx.db.operator.insert({ identity: ctx.sender, grantedAt: ctx.timestamp.microsSinceUnixEpoch });
  ensureSweep(ctx);
  ensureTimerWatch(ctx);
});

/** Writes nothing on an open hub. A closed hub refuses an identity that is not admitted, and records one that its issuer admits. */
export const onConnect = agora.clientConnected(ctx => {
  ensureSweep(ctx);
  ensureTimerWatch(ctx);
  if (hubOf(ctx.db).admission === 'closed' && !isAdmitted(ctx.db, ctx.sender)) admitByToken(ctx);
});

/** Detaches all agents of the connection. */
export const onDisconnect = agora.clientDisconnected(ctx => {
  const connection = ctx.connectionId;
  if (connection) withUnitOfWork(ctx, unit => detachConnection(unit, connection));
});
