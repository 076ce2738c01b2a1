// SET and SHOW: the settings of a database that SQL can change.

import type { ProductType } from '../sats/type.ts';
import { BsatnWriter } from '../sats/writer.ts';
import { literalValue, unexpectedType } from './literal.ts';
import { QueryError } from './query-error.ts';
import type { SystemVariables } from './source.ts';
import type { SetVariable, ShowVariable } from './syntax.ts';

const VALUE_KINDS = [
  'bool',
  'i8',
  'u8',
  'i16',
  'u16',
  'i32',
  'u32',
  'i64',
  'u64',
  'i128',
  'u128',
  'f32',
  'f64',
  'string',
] as const;

/** The forms of a variable in SpacetimeDB, named after their type. */
const VALUE_COLUMN: ProductType = {
  kind: 'product',
  elements: [
    {
      name: 'value',
      type: {
        kind: 'sum',
        variants: VALUE_KINDS.map(kind => ({ name: kind.charAt(0).toUpperCase() + kind.slice(1), type: { kind } })),
      },
    },
  ],
};

/** Changes a variable; only the owner may. Throws `QueryError`. */
export function setVariable({ name, value }: SetVariable, variables: SystemVariables, isOwner: boolean): void {
  refuseUnknown(name, isOwner);
  if (value.kind !== 'number') {
    const found = value.kind === 'bool' ? 'bool' : 'string';
    throw unexpectedType({ kind: 'u64' }, { kind: found }, []);
  }
  const limit = literalValue(value, { kind: 'u64' }, []);
  if (typeof limit === 'bigint') variables.setRowLimit(limit);
}

/** The value of a variable; no row while it is not set. Throws `QueryError`. */
export function showVariable(
  { name }: ShowVariable,
  variables: SystemVariables,
  isOwner: boolean,
): { schema: ProductType; rows: Uint8Array[] } {
  refuseUnknown(name, isOwner);
  const { rowLimit } = variables;
  const rows = rowLimit === undefined ? [] : [new BsatnWriter(9).u8(VALUE_KINDS.indexOf('u64')).u64(rowLimit).finish()];
  return { schema: VALUE_COLUMN, rows };
}

function refuseUnknown(name: string, isOwner: boolean): void {
  if (name !== 'row_limit') throw new QueryError('query/name', `${name} is not a valid system variable`);
  if (!isOwner) {
    throw new QueryError('query/name', 'no such table: `st_var`. If the table exists, it may be marked private.');
  }
}
