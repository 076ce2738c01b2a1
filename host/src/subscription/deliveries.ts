// Collects the updates of one commit by client. Clients with exactly the same updates share one list object, so that the
// sender encodes it once.

import type { QuerySetUpdateData } from '../wire/server-message.ts';
import type { QuerySet } from './query-set.ts';

type Updates = readonly QuerySetUpdateData[];

const NOTHING: Updates = [];

/** The updates of one commit by client. */
export class Deliveries<C> {
  readonly byClient = new Map<C, Updates>();

  /** Adds the update of one query for the clients of these sets. */
  add(sets: Iterable<QuerySet<C>>, update: Uint8Array): void {
    // Lists are immutable: for each query set that grows, a list leads to one longer list.
    const longer = new Map<Updates, Map<number, Updates>>();
    for (const { client, id } of sets) {
      const before = this.byClient.get(client) ?? NOTHING;
      const bySet = longer.get(before) ?? new Map<number, Updates>();
      longer.set(before, bySet);
      const after = bySet.get(id) ?? extended(before, id, update);
      bySet.set(id, after);
      this.byClient.set(client, after);
    }
  }
}

function extended(updates: Updates, querySetId: number, update: Uint8Array): Updates {
  const at = updates.findIndex(other => other.querySetId === querySetId);
  const before = updates[at];
  if (!before) return [...updates, { querySetId, tables: [update] }];
  return updates.with(at, { querySetId, tables: [...before.tables, update] });
}
