// The schema that readers of a table, or of the rows of a view, see.

import type { ColumnDef, IndexDef, SequenceDef, UniqueDef } from '../schema/definition.ts';

/** The schema of a set of rows; every `TableDef` is one. */
export interface RelationDef {
  readonly name: string;
  readonly sourceName: string;
  readonly columns: readonly ColumnDef[];
  readonly primaryKey: number | undefined;
  readonly indexes: readonly IndexDef[];
  /** Enforced with or without an index over the same columns. */
  readonly uniques: readonly UniqueDef[];
  readonly sequences?: readonly SequenceDef[];
  readonly isPublic: boolean;
  readonly isEvent: boolean;
}
