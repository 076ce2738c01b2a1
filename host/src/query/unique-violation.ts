// The unique constraint that a refused row violates, in SpacetimeDB's sentence.

import type { Table } from '../datastore/table.ts';
import { toJson } from '../sats/json.ts';

/** The sentence for the first constraint that an existing row conflicts with; undefined if there is none. */
export function uniqueViolation(table: Table, bytes: Uint8Array): string | undefined {
  for (const index of table.indexes) {
    if (!index.isUnique || !index.first(index.keyOf(bytes))) continue;
    const { columns, name } = index.def;
    const names = columns.map(at => table.def.columns[at]?.name ?? String(at));
    const values = columns.map(at => {
      const { layout } = table;
      return toJson(layout.typeOf(at), layout.typespace, layout.value(bytes, at));
    });
    const [only, ...others] = values;
    const value = only !== undefined && others.length === 0 ? only : `(${values.join(', ')})`;
    return (
      `IndexError: Unique constraint violation '${name}' in table '${table.def.name}': ` +
      `column(s): '${JSON.stringify(names)}' value: ${value}`
    );
  }
  return undefined;
}
