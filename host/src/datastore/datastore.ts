// All tables of one database, in memory.

import type { ProductType } from '../sats/type.ts';
import type { ModuleDef } from '../schema/definition.ts';
import type { RelationDef } from './relation.ts';
import type { Table } from './table.ts';
import type { Index } from './table-index.ts';
import type { Transaction } from './transaction.ts';

/** A row as storage keeps it. */
export interface StoredRow {
  readonly key: number;
  readonly bytes: Uint8Array;
}

/** The tables of a module and their one open transaction. */
export class Datastore {
  readonly def: ModuleDef;
  /** The tables of the module, in its order; relations of views are not among them. */
  readonly tables: readonly Table[];

  constructor(def: ModuleDef) {
    this.def = def;
    this.tables = [];
  }

  /** The number of the last commit. */
  get commitNumber(): number {
    throw new Error('unfinished');
  }

  /** By canonical or source name. */
  tableByName(_name: string): Table | undefined {
    throw new Error('unfinished');
  }
  table(_id: number): Table | undefined {
    throw new Error('unfinished');
  }
  index(_id: number): Index | undefined {
    throw new Error('unfinished');
  }
  /** By canonical or source name. */
  indexByName(_name: string): Index | undefined {
    throw new Error('unfinished');
  }

  /** A table that is neither listed nor stored, for the rows of a view. */
  createRelation(_def: RelationDef, _rowType: ProductType): Table {
    throw new Error('unfinished');
  }
  dropRelation(_table: Table): void {
    throw new Error('unfinished');
  }

  /** Fills an empty table with rows from storage. */
  restore(_table: Table, _rows: Iterable<StoredRow>): void {
    throw new Error('unfinished');
  }
  /** Continues sequences at the end of what they had reserved. */
  restoreSequences(
    _marks: Iterable<{ readonly table: string; readonly name: string; readonly reserved: bigint }>,
  ): void {
    throw new Error('unfinished');
  }
  /** Continues counting commits after this number. */
  restoreCommitNumber(_number: number): void {
    throw new Error('unfinished');
  }

  /** Opens the transaction; there is never more than one. */
  begin(): Transaction {
    throw new Error('unfinished');
  }
}
