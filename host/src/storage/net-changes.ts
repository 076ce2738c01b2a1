// The net change of several commits, for one write of all of them: a row that one commit inserts and a later one deletes is not
// written at all, and a row that several of them update is written once.

import type { Commit, TableChange } from '../datastore/commit.ts';
import type { Row } from '../datastore/row.ts';
import type { Table } from '../datastore/table.ts';

/** The row of one storage key before the first commit and after the last. */
interface KeyChange {
  readonly before: Row | undefined;
  after: Row | undefined;
}

/** Net changes of consecutive commits to stored tables. Tables that one of them replaces as a whole are not netted. */
export function netChanges(commits: readonly Commit[]): readonly TableChange[] {
  const changes = commits.flatMap(commit => commit.changes.filter(({ table }) => table.isStored));
  if (commits.length === 1 || changes.some(({ isWhole }) => isWhole)) return changes;
  const tables = new Map<Table, TableChange | Map<number, KeyChange>>();
  for (const change of changes) {
    const known = tables.get(change.table);
    // Most tables change in one commit of a write only.
    if (known === undefined) tables.set(change.table, change);
    else if (known instanceof Map) addTo(known, change);
    else tables.set(change.table, addTo(addTo(new Map(), known), change));
  }
  return Array.from(tables, ([table, net]) => (net instanceof Map ? changeOf(table, net) : net));
}

function addTo(keys: Map<number, KeyChange>, { inserts, deletes }: TableChange): Map<number, KeyChange> {
  for (const row of deletes) {
    const known = keys.get(row.key);
    if (known) known.after = undefined;
    else keys.set(row.key, { before: row, after: undefined });
  }
  for (const row of inserts) {
    const known = keys.get(row.key);
    if (known) known.after = row;
    else keys.set(row.key, { before: undefined, after: row });
  }
  return keys;
}

function changeOf(table: Table, keys: Map<number, KeyChange>): TableChange {
  const inserts: Row[] = [];
  const deletes: Row[] = [];
  for (const { before, after } of keys.values()) {
    if (before === after) continue;
    if (before) deletes.push(before);
    if (after) inserts.push(after);
  }
  return { table, inserts, deletes };
}
