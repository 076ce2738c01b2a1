// The difference between the results of two versions of a query set, when a module was replaced. Tables keep their rows then,
// so only views can differ.

import { type EncodedRow, encodeRowList } from '../wire/row-list.ts';
import { encodeTableUpdate } from '../wire/server-message.ts';
import type { WatchedQuery } from './watched-query.ts';

/** Computes differences. Clients with the same queries share one. */
export class RowDifferences {
  readonly #known = new Map<string, readonly Uint8Array[]>();

  /** The table updates that lead from the rows of `before`, whose tables are stale, to those of `after`. */
  between(before: readonly WatchedQuery[], after: readonly WatchedQuery[]): readonly Uint8Array[] {
    const [old, current] = [before.filter(readsView), after.filter(readsView)];
    if (old.length === 0 && current.length === 0) return [];
    const key = [old, current].map(plans => plans.map(plan => plan.key).join(' ')).join(' > ');
    const known = this.#known.get(key) ?? difference(old, current);
    this.#known.set(key, known);
    return known;
  }
}

function readsView({ query }: WatchedQuery): boolean {
  return query.plan.views.length > 0;
}

/** How often a row must be inserted, or deleted if it is negative. */
interface Net {
  readonly row: EncodedRow;
  count: number;
}

function difference(before: readonly WatchedQuery[], after: readonly WatchedQuery[]): Uint8Array[] {
  const byTable = new Map<string, Map<string, Net>>();
  for (const [plans, sign] of [
    [before, -1],
    [after, 1],
  ] as const) {
    for (const { query } of plans) {
      const { name } = query.table.def;
      const rows = byTable.get(name) ?? new Map<string, Net>();
      byTable.set(name, rows);
      for (const row of query.plan.rowsOf(query.returned)) {
        const key = Buffer.from(row.bytes).toString('latin1');
        const net = rows.get(key);
        if (net) net.count += sign;
        else rows.set(key, { row, count: sign });
      }
    }
  }
  const updates: Uint8Array[] = [];
  for (const [name, rows] of byTable) {
    const nets = [...rows.values()];
    const [inserts, deletes] = [repeated(nets, 1), repeated(nets, -1)];
    if (inserts.length === 0 && deletes.length === 0) continue;
    updates.push(encodeTableUpdate(name, { inserts: encodeRowList(inserts), deletes: encodeRowList(deletes) }));
  }
  return updates;
}

function repeated(nets: readonly Net[], sign: 1 | -1): EncodedRow[] {
  return nets.flatMap(({ row, count }) => Array.from({ length: Math.max(0, count * sign) }, () => row));
}
