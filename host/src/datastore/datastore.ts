// All tables of one database, in memory.

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

/** A row as storage keeps it. */
export interface StoredRow {
  readonly key: number;
  readonly bytes: Uint8Array;
}

/** A sequence as storage keeps it, by canonical names. */
export interface StoredSequence {
  readonly table: string;
  readonly name: string;
  readonly reserved: bigint;
}

/** SpacetimeDB keeps numbers up to here for its own tables. */
const MAX_SYSTEM_ID = 4096;

/** The tables of a module and their one open transaction. */
export class Datastore {
  readonly def: ModuleDef;
  /** The tables of the module, in its order; relations of views are not among them. */
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

  /** A table that is neither listed nor stored, for the rows of a view. */
  createRelation(def: RelationDef, rowType: ProductType): Table {
    return this.#createTable(def, rowType, false);
  }

  /** Forgets a relation; no transaction may have written to it and still be open. */
  dropRelation(table: Table): void {
    assert(!table.changes, `${table.def.name} is not being written`);
    this.#tablesById.delete(table.id);
    for (const index of table.indexes) this.#indexesById.delete(index.id);
  }

  /**
   * Fills an empty table, with rows from storage or of an older version of the module. Throws `storage/damaged` for what
   * is no row, and `row/not-unique`.
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

  /** Continues sequences behind what they had reserved; those that are gone are left out. */
  restoreSequences(marks: Iterable<StoredSequence>): void {
    for (const { table, name, reserved } of marks) {
      const columns = this.tables.find(candidate => candidate.def.name === table)?.sequences;
      columns?.find(({ sequence }) => sequence.def.name === name)?.sequence.restore(reserved);
    }
  }

  /** Continues sequences exactly where those of an older version of the module stand. */
  adoptSequences(older: Datastore): void {
    for (const table of this.tables) {
      for (const { sequence } of table.sequences) {
        const before = older.tableByName(table.def.name)?.sequences;
        const same = before?.find(candidate => candidate.sequence.def.name === sequence.def.name);
        if (same) sequence.adopt(same.sequence);
      }
    }
  }

  /** A commit that says every row of some tables anew: for storage, when a new version of the module changed their rows. */
  rewrite(tables: readonly Table[]): Commit {
    assert(!this.#open, 'nothing is rewritten inside a transaction');
    const changes = tables.map(table => ({ table, inserts: [...table.rows()], deletes: [], isWhole: true }));
    return { number: ++this.#commitNumber, changes, sequences: this.#takeRaised() };
  }

  /** Takes the latest commits back, oldest first in the list; what sequences drew stays drawn. Relations keep their rows. */
  undo(commits: readonly Commit[]): void {
    assert(!this.#open, 'nothing is taken back inside a transaction');
    for (const { changes } of commits.toReversed()) {
      for (const change of changes) if (change.table.isStored) undoChange(change.table, change);
    }
  }

  /** Continues counting commits after this number. */
  restoreCommitNumber(number: number): void {
    this.#commitNumber = number;
  }

  /** Opens the transaction; there is never more than one. */
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
