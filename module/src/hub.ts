// What the hub allows and keeps, as one row.

import { HUB_DEFAULTS } from './contract/limits.ts';
import type { Ctx } from './schema.ts';

/** What the hub allows and keeps. */
export type Hub = NonNullable<ReturnType<Ctx['db']['hub']['id']['find']>>;

/** The limits and times that hold on a hub whose operator has said nothing. */
const FRESH_HUB: Hub = {
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
};

/** Writes what an operator says of the hub; what is not given stays. */
export function writeHub(db: Ctx['db'], changes: Partial<Omit<Hub, 'id'>>): void {
  const said = db.hub.id.find(0);
  const hub = { ...(said ?? FRESH_HUB), ...changes };
  if (said) db.hub.id.update(hub);
  else db.hub.insert(hub);
}

/** What the hub allows and keeps: an operator's word, or the defaults. */
export function hubOf(db: Pick<Ctx['db'], 'hub'>): Hub {
  return db.hub.id.find(0) ?? FRESH_HUB;
}
