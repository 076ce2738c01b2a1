// Builders of small raw modules for tests, one a kind of entity, with overrides for the parts that a test is about.

import { type AlgebraicType, type PrimitiveKind, type ProductType } from '../../sats/type.ts';
import {
  EMPTY_MODULE,
  type RawIndexDef,
  type RawModule,
  type RawProcedureDef,
  type RawReducerDef,
  type RawTableDef,
  type RawTypeDef,
  type RawViewDef,
} from '../raw.ts';

export const of = (kind: PrimitiveKind): AlgebraicType => ({ kind });
export const ref = (target: number): AlgebraicType => ({ kind: 'ref', ref: target });
export const array = (element: AlgebraicType): AlgebraicType => ({ kind: 'array', element });

export function product(fields: Readonly<Record<string, AlgebraicType>>): ProductType {
  return { kind: 'product', elements: Object.entries(fields).map(([name, type]) => ({ name, type })) };
}

export function sum(variants: Readonly<Record<string, AlgebraicType>>): AlgebraicType {
  return { kind: 'sum', variants: Object.entries(variants).map(([name, type]) => ({ name, type })) };
}

export const unit = product({});
export const option = (some: AlgebraicType): AlgebraicType => sum({ some, none: unit });
export const result = (ok: AlgebraicType, err: AlgebraicType): AlgebraicType => sum({ ok, err });
export const timestamp = product({ __timestamp_micros_since_unix_epoch__: of('i64') });
export const scheduleAt = sum({ Interval: product({ __time_duration_micros__: of('i64') }), Time: timestamp });

export function rawModule(parts: Partial<RawModule>): RawModule {
  return { ...EMPTY_MODULE, ...parts };
}

export function typeDef(name: string, target: number, scope: readonly string[] = []): RawTypeDef {
  return { name: { scope, name }, ref: target, customOrdering: true };
}

export function table(sourceName: string, rowType: number, parts: Partial<RawTableDef> = {}): RawTableDef {
  return {
    sourceName,
    rowType,
    primaryKey: [],
    indexes: [],
    uniques: [],
    sequences: [],
    type: 'user',
    access: 'public',
    defaults: [],
    isEvent: false,
    ...parts,
  };
}

export function btree(sourceName: string, ...columns: number[]): RawIndexDef {
  return { sourceName, accessor: sourceName, algorithm: 'btree', columns };
}

/** The parts of a table with a primary key in one column: the key, its index and its constraint. */
export function keyed(sourceName: string, column = 0): Partial<RawTableDef> {
  return {
    primaryKey: [column],
    indexes: [btree(`${sourceName}_key_idx_btree`, column)],
    uniques: [{ sourceName: undefined, columns: [column] }],
  };
}

export function reducer(
  sourceName: string,
  params: ProductType = unit,
  parts: Partial<RawReducerDef> = {},
): RawReducerDef {
  return { sourceName, params, visibility: 'clientCallable', ok: unit, err: of('string'), ...parts };
}

export function procedure(sourceName: string, params: ProductType, returns: AlgebraicType): RawProcedureDef {
  return { sourceName, params, returns, visibility: 'clientCallable' };
}

export function view(sourceName: string, returns: AlgebraicType, parts: Partial<RawViewDef> = {}): RawViewDef {
  return { sourceName, index: 0, isPublic: true, isAnonymous: true, params: unit, returns, ...parts };
}
