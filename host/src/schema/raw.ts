// A module's description exactly as it arrived: source spellings, positions and references, nothing checked.

import { type AlgebraicType, type ProductType, type Typespace } from '../sats/type.ts';
import { type Lifecycle } from './definition.ts';

export interface RawTypeName {
  readonly scope: readonly string[];
  readonly name: string;
}

export interface RawTypeDef {
  readonly name: RawTypeName;
  readonly ref: number;
  readonly customOrdering: boolean;
}

export interface RawIndexDef {
  readonly sourceName: string | undefined;
  readonly accessor: string | undefined;
  readonly algorithm: 'btree' | 'hash' | 'direct';
  readonly columns: readonly number[];
}

export interface RawUniqueDef {
  readonly sourceName: string | undefined;
  readonly columns: readonly number[];
}

export interface RawSequenceDef {
  readonly sourceName: string | undefined;
  readonly column: number;
  readonly start: bigint | undefined;
  readonly min: bigint | undefined;
  readonly max: bigint | undefined;
  readonly increment: bigint;
}

export interface RawDefault {
  readonly column: number;
  readonly value: Uint8Array;
}

export interface RawTableDef {
  readonly sourceName: string;
  readonly rowType: number;
  readonly primaryKey: readonly number[];
  readonly indexes: readonly RawIndexDef[];
  readonly uniques: readonly RawUniqueDef[];
  readonly sequences: readonly RawSequenceDef[];
  readonly type: 'system' | 'user';
  readonly access: 'public' | 'private';
  readonly defaults: readonly RawDefault[];
  readonly isEvent: boolean;
}

export type Visibility = 'private' | 'clientCallable';

export interface RawReducerDef {
  readonly sourceName: string;
  readonly params: ProductType;
  readonly visibility: Visibility;
  readonly ok: AlgebraicType;
  readonly err: AlgebraicType;
}

export interface RawProcedureDef {
  readonly sourceName: string;
  readonly params: ProductType;
  readonly returns: AlgebraicType;
  readonly visibility: Visibility;
}

export interface RawViewDef {
  readonly sourceName: string;
  /** Counted separately for anonymous views and views of a sender. */
  readonly index: number;
  readonly isPublic: boolean;
  readonly isAnonymous: boolean;
  readonly params: ProductType;
  readonly returns: AlgebraicType;
}

export interface RawViewPrimaryKey {
  readonly view: string;
  readonly columns: readonly string[];
}

export interface RawScheduleDef {
  readonly sourceName: string | undefined;
  readonly table: string;
  readonly atColumn: number;
  readonly functionName: string;
}

export interface RawLifecycleDef {
  readonly lifecycle: Lifecycle;
  readonly functionName: string;
}

export interface RawRouteDef {
  readonly handler: string;
  /** Upper-case method, or undefined for any. */
  readonly method: string | undefined;
  readonly path: string;
}

export interface RawExplicitName {
  readonly kind: 'table' | 'function' | 'index';
  readonly sourceName: string;
  readonly canonicalName: string;
}

export type CasePolicy = 'none' | 'snake';

export interface RawSubmodule {
  readonly namespace: string;
  readonly module: RawModule;
}

/** The fifteen sections of a description; one that was missing is empty. */
export interface RawModule {
  readonly typespace: Typespace;
  readonly types: readonly RawTypeDef[];
  readonly tables: readonly RawTableDef[];
  readonly reducers: readonly RawReducerDef[];
  readonly procedures: readonly RawProcedureDef[];
  readonly views: readonly RawViewDef[];
  readonly viewPrimaryKeys: readonly RawViewPrimaryKey[];
  readonly schedules: readonly RawScheduleDef[];
  readonly lifecycles: readonly RawLifecycleDef[];
  readonly handlers: readonly string[];
  readonly routes: readonly RawRouteDef[];
  readonly rowLevelSecurity: readonly string[];
  readonly explicitNames: readonly RawExplicitName[];
  readonly casePolicy: CasePolicy;
  readonly submodules: readonly RawSubmodule[];
}

/** A description that says nothing: what a missing section is taken to be. */
export const EMPTY_MODULE: RawModule = {
  typespace: [],
  types: [],
  tables: [],
  reducers: [],
  procedures: [],
  views: [],
  viewPrimaryKeys: [],
  schedules: [],
  lifecycles: [],
  handlers: [],
  routes: [],
  rowLevelSecurity: [],
  explicitNames: [],
  casePolicy: 'snake',
  submodules: [],
};
