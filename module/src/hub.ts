// Settings of the hub (admission, limits, retention): one row, or the defaults.

import { HUB_DEFAULTS } from './contract/limits.ts';
import type { Ctx } from './schema.ts';

/** Settings of the hub. */
export type Hub = NonNullable<ReturnType<Ctx['db']['hub']['id']['find']>>;

/** The settings until an operator changes one. */
const DEFAULT_HUB: Hub = {
  id: 0,
  admission: 'open',
  rate: HUB_DEFAULTS.rate,
  burst: HUB_DEFAULTS.burst,
  unfinished: HUB_DEFAULTS.unfinished,
  inboxLength: HUB_DEFAULTS.inboxLength,
  fanOut: HUB_DEFAULTS.fanOut,
  storedBytes: BigInt(HUB_DEFAULTS.storedBytes),
  keepMessagesMs: BigInt(HUB_DEFAULTS.keepMessagesMs),
  keepEventsMs: BigInt(HUB_DEFAULTS.keepEventsMs),
  keepWorkflowsMs: BigInt(HUB_DEFAULTS.keepWorkflowsMs),
  idsSince: 0n,
  hops: HUB_DEFAULTS.hops,
};

/** Changes the given settings and keeps the others. */
export function writeHub(db: Ctx['db'], changes: Partial<Omit<Hub, 'id'>>): void {
  const stored = db.hub.id.find(0);
  const hub = { ...(stored ?? DEFAULT_HUB), ...changes };
  if (stored) db.hub.id.update(hub);
  else db.hub.insert(hub);
}

/** Returns the settings of the hub. */
export function hubOf(db: Pick<Ctx['db'], 'hub'>): Hub {
  return db.hub.id.find(0) ?? DEFAULT_HUB;
}
