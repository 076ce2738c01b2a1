// A checked module description as plain data, with canonical names filled in.
// `sourceName` is the module's spelling; `name` is the canonical one that clients and SQL use (see names.ts).

import type { AlgebraicType, ProductType, Typespace } from '../sats/type.ts';

/** A column of a table or a view. */
export interface ColumnDef {
  readonly name: string;
  readonly sourceName: string;
  readonly type: AlgebraicType;
}

/** An index of a table. */
export interface IndexDef {
  /** `{table}_{columns}_idx_{algorithm}` with canonical names, or the explicit name. */
  readonly name: string;
  /** The argument of `index_id_from_name`; that of a submodule has its prefix. */
  readonly sourceName: string;
  readonly accessor: string | undefined;
  readonly algorithm: 'btree' | 'hash' | 'direct';
  /** Positions of the columns in the row, in index order. */
  readonly columns: readonly number[];
}

/** A unique constraint: columns, by position, in which no two rows are equal. */
export interface UniqueDef {
  readonly name: string;
  readonly columns: readonly number[];
}

/** A counter that fills a column of a table. */
export interface SequenceDef {
  readonly name: string;
  readonly column: number;
  readonly start: bigint;
  readonly min: bigint;
  readonly max: bigint;
  readonly increment: bigint;
}

/** A schedule: each row of the table runs a function when it is due. */
export interface ScheduleDef {
  readonly name: string;
  /** Position of the ScheduleAt column. */
  readonly atColumn: number;
  /** Source name of the reducer or procedure that runs. */
  readonly functionName: string;
}

/** A table of the module, with its indexes, constraints, sequences and schedule. */
export interface TableDef {
  readonly name: string;
  readonly sourceName: string;
  /** Index of the row's product type in the typespace. */
  readonly rowType: number;
  readonly columns: readonly ColumnDef[];
  readonly primaryKey: number | undefined;
  readonly indexes: readonly IndexDef[];
  readonly uniques: readonly UniqueDef[];
  readonly sequences: readonly SequenceDef[];
  readonly isPublic: boolean;
  readonly isEvent: boolean;
  /** BSATN of the default value by column position. */
  readonly defaults: ReadonlyMap<number, Uint8Array>;
  readonly schedule: ScheduleDef | undefined;
}

/** The events for which the host calls a reducer. */
export type Lifecycle = 'init' | 'onConnect' | 'onDisconnect';

/** A reducer of the module. */
export interface ReducerDef {
  /** The number `__call_reducer__` is called with. */
  readonly id: number;
  readonly name: string;
  readonly sourceName: string;
  readonly params: ProductType;
  readonly lifecycle: Lifecycle | undefined;
  /** Lifecycle and scheduled reducers are not callable by clients. */
  readonly isPrivate: boolean;
}

/** A procedure of the module. */
export interface ProcedureDef {
  readonly id: number;
  readonly name: string;
  readonly sourceName: string;
  readonly params: ProductType;
  readonly returns: AlgebraicType;
  readonly isPrivate: boolean;
}

/** A view of the module, which clients query like a table. */
export interface ViewDef {
  /** Counted separately for anonymous views and views of a sender. */
  readonly id: number;
  readonly name: string;
  readonly sourceName: string;
  readonly isAnonymous: boolean;
  readonly isPublic: boolean;
  /** Index of the row's product type in the typespace. */
  readonly rowType: number;
  readonly columns: readonly ColumnDef[];
  readonly primaryKey: number | undefined;
  readonly returns: AlgebraicType;
}

/** A named type; `ref` is its position in the typespace. */
export interface NamedTypeDef {
  readonly scope: readonly string[];
  readonly name: string;
  readonly sourceName: string;
  readonly ref: number;
}

/** An HTTP path of the module and its handler. */
export interface RouteDef {
  readonly handler: string;
  /** Upper-case method, or undefined for any. */
  readonly method: string | undefined;
  readonly path: string;
}

/** A checked module. Tables, reducers, … of submodules follow the root's, with dotted names. */
export interface ModuleDef {
  readonly typespace: Typespace;
  readonly types: readonly NamedTypeDef[];
  readonly tables: readonly TableDef[];
  readonly reducers: readonly ReducerDef[];
  readonly procedures: readonly ProcedureDef[];
  readonly views: readonly ViewDef[];
  readonly handlers: readonly { readonly id: number; readonly name: string; readonly sourceName: string }[];
  readonly routes: readonly RouteDef[];
  readonly rowLevelSecurity: readonly string[];
}
