// A module description in the structure of version 9, for readers older than 2.0: canonical names only, named entities
// sorted by name.

import { compareStrings } from '../sats/compare.ts';
import { bytesToHex } from '../sats/hex.ts';
import { type JsonData } from '../sats/json-text.ts';
import { type TableDef } from './definition.ts';
import { type RawTableDef } from './raw.ts';
import { algorithm, enumeration, option, product, sequence, typeJson } from './structure-json.ts';
import { type CheckedModule } from './checked-module.ts';

const LIFECYCLES = { init: 'Init', onConnect: 'OnConnect', onDisconnect: 'OnDisconnect' } as const;

/** The parts of the root module that version 9 can express. */
export function legacyModule({ raw, def }: CheckedModule): JsonData {
  return {
    typespace: { types: def.typespace.map(typeJson) },
    tables: byName(
      def.tables.map((table, at) => ({ ...table, json: tableJson(table, raw.tables[at], functionName(table, def)) })),
    ).map(({ json }) => json),
    reducers: def.reducers.map(({ name, params, lifecycle }) => ({
      name,
      params: product(params),
      lifecycle: option(lifecycle && enumeration(LIFECYCLES[lifecycle])),
    })),
    types: byName(
      def.types.map(({ scope, name, ref }, at) => ({
        name: [...scope, name].join('::'),
        json: { name: { scope, name }, ty: ref, custom_ordering: raw.types[at]?.customOrdering ?? true },
      })),
    ).map(({ json }) => json),
    misc_exports: [
      ...def.tables.flatMap(({ name, defaults }) =>
        [...defaults].map(([column, value]) => ({
          ColumnDefaultValue: { table: name, col_id: column, value: bytesToHex(value) },
        })),
      ),
      ...def.procedures.map(({ name, params, returns }) => ({
        Procedure: { name, params: product(params), return_type: typeJson(returns) },
      })),
      ...def.views.map(({ name, id, isPublic, isAnonymous, returns }, at) => ({
        View: {
          name,
          index: id,
          is_public: isPublic,
          is_anonymous: isAnonymous,
          params: product(raw.views[at]?.params ?? { kind: 'product', elements: [] }),
          return_type: typeJson(returns),
        },
      })),
    ],
    row_level_security: raw.rowLevelSecurity.map(sql => ({ sql })),
  };
}

/** The canonical name of a table's scheduled function. */
function functionName({ schedule }: TableDef, { reducers, procedures }: CheckedModule['def']): string {
  return [...reducers, ...procedures].find(({ sourceName }) => sourceName === schedule?.functionName)?.name ?? '';
}

function tableJson(table: TableDef, raw: RawTableDef | undefined, runs: string): JsonData {
  return {
    name: table.name,
    product_type_ref: table.rowType,
    primary_key: raw?.primaryKey ?? [],
    indexes: byName(table.indexes).map(index => ({
      name: option(index.name),
      accessor_name: option(index.accessor),
      algorithm: algorithm(index),
    })),
    constraints: byName(table.uniques).map(({ name, columns }) => ({
      name: option(name),
      data: { Unique: { columns } },
    })),
    sequences: (raw?.sequences ?? []).map((one, at) => ({ name: option(table.sequences[at]?.name), ...sequence(one) })),
    schedule: option(
      table.schedule && {
        name: option(table.schedule.name),
        reducer_name: runs,
        scheduled_at_column: table.schedule.atColumn,
      },
    ),
    table_type: enumeration(raw?.type === 'system' ? 'System' : 'User'),
    table_access: enumeration(table.isPublic ? 'Public' : 'Private'),
  };
}

function byName<T extends { readonly name: string }>(items: readonly T[]): T[] {
  return [...items].sort((a, b) => compareStrings(a.name, b.name));
}
