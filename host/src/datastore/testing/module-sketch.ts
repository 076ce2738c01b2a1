// Schemas for the tests of datastore and storage: a row type is a list of columns.

import type { AlgebraicType, PrimitiveKind, ProductType } from '../../sats/type.ts';
import type { IndexDef, ModuleDef, TableDef } from '../../schema/definition.ts';

export interface TableSketch {
  readonly name: string;
  readonly columns: Readonly<Record<string, PrimitiveKind | AlgebraicType>>;
  readonly indexes?: readonly (readonly number[])[];
  readonly hashIndexes?: readonly (readonly number[])[];
  readonly uniques?: readonly (readonly number[])[];
  readonly autoInc?: readonly number[];
  readonly isEvent?: boolean;
}

export function rowTypeOf(columns: TableSketch['columns']): ProductType {
  return {
    kind: 'product',
    elements: Object.entries(columns).map(([name, type]) => ({
      name,
      type: typeof type === 'string' ? { kind: type } : type,
    })),
  };
}

/** A module with some tables and nothing else. */
export function aModule(...sketches: readonly TableSketch[]): ModuleDef {
  return {
    typespace: sketches.map(sketch => rowTypeOf(sketch.columns)),
    types: [],
    tables: sketches.map(tableDef),
    reducers: [],
    procedures: [],
    views: [],
    handlers: [],
    routes: [],
    rowLevelSecurity: [],
  };
}

function tableDef(sketch: TableSketch, rowType: number): TableDef {
  const { name, uniques = [] } = sketch;
  const indexDef =
    (algorithm: IndexDef['algorithm']) =>
    (columns: readonly number[]): IndexDef => ({
      name: `${name}_${columns.join('_')}_idx_${algorithm}`,
      sourceName: `${name}.${columns.join('.')}.${algorithm}`,
      accessor: undefined,
      algorithm,
      columns,
    });
  return {
    name,
    sourceName: `source of ${name}`,
    rowType,
    columns: rowTypeOf(sketch.columns).elements.map(({ name: column = '', type }) => ({
      name: column,
      sourceName: column,
      type,
    })),
    primaryKey: uniques[0]?.[0],
    indexes: [...(sketch.indexes ?? []).map(indexDef('btree')), ...(sketch.hashIndexes ?? []).map(indexDef('hash'))],
    uniques: uniques.map(columns => ({ name: `${name}_${columns.join('_')}_key`, columns })),
    sequences: (sketch.autoInc ?? []).map(column => ({
      name: `${name}_${column}_seq`,
      column,
      start: 1n,
      min: 1n,
      max: 2n ** 127n - 1n,
      increment: 1n,
    })),
    isPublic: true,
    isEvent: sketch.isEvent ?? false,
    defaults: new Map(),
    schedule: undefined,
  };
}
