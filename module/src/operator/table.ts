// Who may see and steer everything.

import { t, table } from 'spacetimedb/server';

/** One row an operator. */
export const operator = table({}, { identity: t.identity().primaryKey(), grantedAt: t.i64() });
