// What a table, or the rows of a view, look like to whoever reads them.

import type { ColumnDef, IndexDef, SequenceDef, UniqueDef } from '../schema/definition.ts';

/** The shape of a set of rows; every `TableDef` is one. */
export interface RelationDef {
  readonly name: string;
  readonly sourceName: string;
  readonly columns: readonly ColumnDef[];
  readonly primaryKey: number | undefined;
  readonly indexes: readonly IndexDef[];
  /** Held with or without an index over the same columns. */
  readonly uniques: readonly UniqueDef[];
  readonly sequences?: readonly SequenceDef[];
  readonly isPublic: boolean;
  readonly isEvent: boolean;
}
