// The row type of a delivery's state.

import { t } from 'spacetimedb/server';

/** How one delivery of a message stands. */
export const DeliveryStatus = t.object('DeliveryStatus', {
  agent: t.u64(),
  name: t.string(),
  state: t.string(),
  attempt: t.u32(),
  at: t.i64(),
  reason: t.string(),
});
