// A module description as decoded: source spellings, positions and references, unchecked.

import { type AlgebraicType, type ProductType, type Typespace } from '../sats/type.ts';
import { type Lifecycle } from './definition.ts';

/** The name of a type and its scopes. */
export interface RawTypeName {
  readonly scope: readonly string[];
  readonly name: string;
}

/** A name for a type of the typespace. */
export interface RawTypeDef {
  readonly name: RawTypeName;
  readonly ref: number;
  readonly customOrdering: boolean;
}

/** An index as described, its columns by position. */
export interface RawIndexDef {
  readonly sourceName: string | undefined;
  readonly accessor: string | undefined;
  readonly algorithm: 'btree' | 'hash' | 'direct';
  readonly columns: readonly number[];
}

/** A unique constraint as described, its columns by position. */
export interface RawUniqueDef {
  readonly sourceName: string | undefined;
  readonly columns: readonly number[];
}

/** A sequence as described; the host chooses undefined values. */
export interface RawSequenceDef {
  readonly sourceName: string | undefined;
  readonly column: number;
  readonly start: bigint | undefined;
  readonly min: bigint | undefined;
  readonly max: bigint | undefined;
  readonly increment: bigint;
}

/** The default of a column, as BSATN. */
export interface RawDefault {
  readonly column: number;
  readonly value: Uint8Array;
}

/** A table as described; `rowType` is a position in the typespace. */
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

/** Who may call a function directly. */
export type Visibility = 'private' | 'clientCallable';

/** A reducer as described. */
export interface RawReducerDef {
  readonly sourceName: string;
  readonly params: ProductType;
  readonly visibility: Visibility;
  readonly ok: AlgebraicType;
  readonly err: AlgebraicType;
}

/** A procedure as described. */
export interface RawProcedureDef {
  readonly sourceName: string;
  readonly params: ProductType;
  readonly returns: AlgebraicType;
  readonly visibility: Visibility;
}

/** A view as described. */
export interface RawViewDef {
  readonly sourceName: string;
  /** Counted separately for anonymous views and views of a sender. */
  readonly index: number;
  readonly isPublic: boolean;
  readonly isAnonymous: boolean;
  readonly params: ProductType;
  readonly returns: AlgebraicType;
}

/** The primary key of a view, in a separate section. */
export interface RawViewPrimaryKey {
  readonly view: string;
  readonly columns: readonly string[];
}

/** A schedule as described, by the source names of its table and function. */
export interface RawScheduleDef {
  readonly sourceName: string | undefined;
  readonly table: string;
  readonly atColumn: number;
  readonly functionName: string;
}

/** The reducer of a lifecycle event. */
export interface RawLifecycleDef {
  readonly lifecycle: Lifecycle;
  readonly functionName: string;
}

/** A route as described. */
export interface RawRouteDef {
  readonly handler: string;
  /** Upper-case method, or undefined for any. */
  readonly method: string | undefined;
  readonly path: string;
}

/** A canonical name that the module sets explicitly. */
export interface RawExplicitName {
  readonly kind: 'table' | 'function' | 'index';
  readonly sourceName: string;
  readonly canonicalName: string;
}

/** How canonical names are built from source names: unchanged, or in snake case. */
export type CasePolicy = 'none' | 'snake';

/** A module inside another, under its namespace. */
export interface RawSubmodule {
  readonly namespace: string;
  readonly module: RawModule;
}

/** The fifteen sections of a description; a missing one is empty. */
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

/** An empty description: the default of each section. */
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
