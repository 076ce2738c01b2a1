// The datastore: all tables of one database, in memory.

import { BsatnError } from '../sats/reader.ts';
import { type ProductType, resolveType } from '../sats/type.ts';
import type { ModuleDef } from '../schema/definition.ts';
import { assert, HostError } from '../errors.ts';
import type { Commit, SequenceMark, TableChange } from './commit.ts';
import type { RelationDef } from './relation.ts';
import { Row } from './row.ts';
import { RowLayout } from './row-layout.ts';
import { Table, type Index } from './table.ts';
import { undoChange } from './table-changes.ts';
import { Transaction } from './transaction.ts';

/** A stored row. */
export interface StoredRow {
  readonly key: number;
  readonly bytes: Uint8Array;
}

/** A stored sequence, by canonical names. */
export interface StoredSequence {
  readonly table: string;
  readonly name: string;
  readonly reserved: bigint;
}

/** SpacetimeDB reserves numbers up to this one for its own tables. */
const MAX_SYSTEM_ID = 4096;

/** The tables of a module and their one open transaction. */
export class Datastore {
  readonly def: ModuleDef;
  /** The tables of the module, in its order, without the relations of views. */
  readonly tables: readonly Table[];
  readonly #tablesById = new Map<number, Table>();
  readonly #tablesByName = new Map<string, Table>();
  readonly #indexesById = new Map<number, Index>();
  readonly #indexesByName = new Map<string, Index>();
  #lastTableId = MAX_SYSTEM_ID;
  #lastIndexId = MAX_SYSTEM_ID;
  #commitNumber = 0;
  #open: Transaction | undefined;
  /** Sequences whose mark rose since the last commit, by mark name. */
  #raised = new Map<string, { table: Table; at: number }>();

  constructor(def: ModuleDef) {
    this.def = def;
    this.tables = def.tables.map(tableDef => {
      const rowType = resolveType({ kind: 'ref', ref: tableDef.rowType }, def.typespace);
      assert(rowType.kind === 'product', `the row type of ${tableDef.name} is a product`);
      const table = this.#createTable(tableDef, rowType, !tableDef.isEvent);
      this.#tablesByName.set(tableDef.name, table).set(tableDef.sourceName, table);
      for (const index of table.indexes) {
        this.#indexesByName.set(index.def.name, index).set(index.def.sourceName, index);
      }
      return table;
    });
  }

  /** The number of the last commit. */
  get commitNumber(): number {
    return this.#commitNumber;
  }

  /** A table of the module, by canonical or source name. */
  tableByName(name: string): Table | undefined {
    return this.#tablesByName.get(name);
  }
  /** A table of the module or a relation. */
  table(id: number): Table | undefined {
    return this.#tablesById.get(id);
  }
  index(id: number): Index | undefined {
    return this.#indexesById.get(id);
  }
  /** An index of the module, by canonical or source name. */
  indexByName(name: string): Index | undefined {
    return this.#indexesByName.get(name);
  }

  /** Creates a table for the rows of a view; it is neither listed nor stored. */
  createRelation(def: RelationDef, rowType: ProductType): Table {
    return this.#createTable(def, rowType, false);
  }

  /** Removes a relation; no open transaction may have written to it. */
  dropRelation(table: Table): void {
    assert(!table.changes, `${table.def.name} is not being written`);
    this.#tablesById.delete(table.id);
    for (const index of table.indexes) this.#indexesById.delete(index.id);
  }

  /**
   * Fills an empty table with rows from storage or from an older version of the module. Throws `storage/damaged` for a
   * malformed row, and `row/not-unique`.
   */
  restore(table: Table, rows: Iterable<StoredRow>): void {
    for (const { key, bytes } of rows) {
      try {
        table.layout.check(bytes);
      } catch (cause) {
        if (!(cause instanceof BsatnError)) throw cause;
        throw new HostError('storage/damaged', `a stored row of ${table.def.name} does not fit: ${cause.message}`, {
          cause,
        });
      }
      if (table.readKeys(bytes))
        throw new HostError('row/not-unique', `two rows of ${table.def.name} share a unique key`);
      const copy = table.slab.place(bytes);
      table.slab.keep(copy);
      table.putRead(new Row(copy, key));
      table.takeRowKey(key);
    }
  }

  /** Continues sequences after their reserved values; sequences that no longer exist are ignored. */
  restoreSequences(marks: Iterable<StoredSequence>): void {
    for (const { table, name, reserved } of marks) {
      const columns = this.tables.find(candidate => candidate.def.name === table)?.sequences;
      columns?.find(({ sequence }) => sequence.def.name === name)?.sequence.restore(reserved);
    }
  }

  /** Continues sequences at the current values of an older version of the module. */
  adoptSequences(older: Datastore): void {
    for (const table of this.tables) {
      for (const { sequence } of table.sequences) {
        const before = older.tableByName(table.def.name)?.sequences;
        const same = before?.find(candidate => candidate.sequence.def.name === sequence.def.name);
        if (same) sequence.adopt(same.sequence);
      }
    }
  }

  /** A commit with every row of some tables, for storage when a new version of the module changed their rows. */
  rewrite(tables: readonly Table[]): Commit {
    assert(!this.#open, 'nothing is rewritten inside a transaction');
    const changes = tables.map(table => ({ table, inserts: [...table.rows()], deletes: [], isWhole: true }));
    return { number: ++this.#commitNumber, changes, sequences: this.#takeRaised() };
  }

  /** Reverts the latest commits, listed oldest first. Sequences and relations are not reverted. */
  undo(commits: readonly Commit[]): void {
    assert(!this.#open, 'no commit is reverted inside a transaction');
    for (const { changes } of commits.toReversed()) {
      for (const change of changes) if (change.table.isStored) undoChange(change.table, change);
    }
  }

  /** Continues the commit numbers after this one. */
  restoreCommitNumber(number: number): void {
    this.#commitNumber = number;
  }

  /** Opens the transaction; there is at most one at a time. */
  begin(): Transaction {
    assert(!this.#open, 'one transaction at a time');
    this.#open = new Transaction(this.#transactionHost);
    return this.#open;
  }

  readonly #transactionHost = {
    sequenceReserved: (table: Table, at: number): void => {
      this.#raised.set(`${table.id} ${at}`, { table, at });
    },
    committed: (changes: readonly TableChange[]): Commit => {
      this.#open = undefined;
      const sequences = this.#takeRaised();
      if (changes.length > 0 || sequences.length > 0) this.#commitNumber++;
      return { number: this.#commitNumber, changes, sequences };
    },
    rolledBack: (): void => {
      this.#open = undefined;
    },
  };

  #takeRaised(): readonly SequenceMark[] {
    if (this.#raised.size === 0) return NO_MARKS;
    const marks: SequenceMark[] = [];
    for (const { table, at } of this.#raised.values()) {
      const sequence = table.sequences[at]?.sequence;
      if (sequence) marks.push({ table, name: sequence.def.name, reserved: sequence.reserved });
    }
    this.#raised.clear();
    return marks;
  }

  #createTable(def: RelationDef, rowType: ProductType, isStored: boolean): Table {
    const layout = RowLayout.of(rowType, this.def.typespace);
    const table = new Table(++this.#lastTableId, def, layout, isStored, () => ++this.#lastIndexId);
    this.#tablesById.set(table.id, table);
    for (const index of table.indexes) this.#indexesById.set(index.id, index);
    return table;
  }
}

const NO_MARKS: readonly SequenceMark[] = [];
