// The net change of one table in the open transaction, updated with each write. It is also the undo log: a rollback removes
// the inserted rows and restores the deleted ones.
//
// A row's `mark` is its position: 0 untouched, n > 0 the (n-1)th insert, n < 0 the (-n-1)th delete, REMOVED in no table.

import type { RelationDef } from './relation.ts';
import { Row } from './row.ts';
import { isSameBytes } from './row-key.ts';

/** Inserted and deleted rows. */
export interface RowChange {
  readonly inserts: readonly Row[];
  readonly deletes: readonly Row[];
}

/** The part of a table that `TableChanges` needs. */
export interface ChangedTable {
  readonly def: Pick<RelationDef, 'isEvent'>;
  identityOf(bytes: Uint8Array): string;
  newRowKey(): number;
  readKeys(bytes: Uint8Array, except?: Row): Row | undefined;
  put(row: Row): void;
  replace(row: Row, next: Row): void;
  remove(row: Row): void;
}

const REMOVED = -(2 ** 30);

/** Up to this many deleted rows are scanned; more of them get a map. */
const MAX_SCANNED_DELETES = 8;

/** The net change of one table inside one transaction. */
export class TableChanges {
  readonly #table: ChangedTable;
  #inserts: (Row | undefined)[] = [];
  #deletes: (Row | undefined)[] = [];
  #insertCount = 0;
  #deleteCount = 0;
  /** By identity key, in which all rows from before the transaction differ. */
  #deletedByKey: Map<string, Row> | undefined;

  /** Updated rows by their storage key, which they took over from the row they replaced. */
  readonly #keyOwners = new Map<number, Row>();

  constructor(table: ChangedTable) {
    this.#table = table;
  }

  get isEmpty(): boolean {
    return this.#insertCount === 0 && this.#deleteCount === 0;
  }

  /** Returns true if a row is in the table. */
  static isPresent(row: Row): boolean {
    return row.mark >= 0;
  }

  /** Records the insert of a new row. */
  inserted(row: Row): void {
    row.mark = this.#inserts.push(row);
    this.#insertCount++;
  }

  /** Records the insert of a new row that took over the storage key of a row recorded as deleted. */
  tookOverKey(row: Row): void {
    this.inserted(row);
    this.#keyOwners.set(row.key, row);
  }

  /** Records the delete of a row; a row that this transaction inserted leaves no trace. */
  deleted(row: Row): void {
    if (row.mark > 0) {
      this.#inserts[row.mark - 1] = undefined;
      this.#insertCount--;
      row.mark = REMOVED;
    } else {
      row.mark = -this.#deletes.push(row);
      this.#deleteCount++;
      this.#deletedByKey?.set(this.#table.identityOf(row.bytes), row);
    }
  }

  /** The deleted row with these bytes, which is restored instead of inserting a new one. */
  findDeleted(bytes: Uint8Array): Row | undefined {
    if (this.#deleteCount === 0) return undefined;
    if (this.#deletes.length > MAX_SCANNED_DELETES) {
      const row = this.#deletedMap().get(this.#table.identityOf(bytes));
      return row && isSameBytes(row.bytes, bytes) ? row : undefined;
    }
    for (const row of this.#deletes) if (row && isSameBytes(row.bytes, bytes)) return row;
    return undefined;
  }

  /** Records the restore of a deleted row. A row that took over its storage key gets a new key. */
  restored(row: Row): void {
    const owner = this.#keyOwners.get(row.key);
    if (owner && owner.mark > 0) this.#assignNewKey(owner);
    this.#deletes[-row.mark - 1] = undefined;
    this.#deleteCount--;
    this.#deletedByKey?.delete(this.#table.identityOf(row.bytes));
    row.mark = 0;
  }

  #assignNewKey(owner: Row): void {
    const row = new Row(owner.bytes, this.#table.newRowKey());
    this.#table.readKeys(row.bytes, owner);
    this.#table.replace(owner, row);
    row.mark = owner.mark;
    this.#inserts[row.mark - 1] = row;
    owner.mark = REMOVED;
  }

  /** The net change; read it before the next write. */
  net(): RowChange {
    return { inserts: this.#netInserts(), deletes: this.#netDeletes() };
  }

  /** Ends the transaction for this table and keeps its rows. */
  settle(): RowChange {
    const change = this.net();
    const afterwards = this.#table.def.isEvent ? REMOVED : 0;
    for (const row of change.inserts) row.mark = afterwards;
    for (const row of change.deletes) row.mark = REMOVED;
    return change;
  }

  /** Ends the transaction for this table and restores its rows. */
  undo(): void {
    undoChange(this.#table, this.net());
  }

  #netInserts(): Row[] {
    if (this.#insertCount !== this.#inserts.length) this.#inserts = compact(this.#inserts, 1);
    return this.#inserts as Row[]; // without holes after compaction
  }

  #netDeletes(): Row[] {
    if (this.#deleteCount !== this.#deletes.length) this.#deletes = compact(this.#deletes, -1);
    return this.#deletes as Row[]; // without holes after compaction
  }

  #deletedMap(): Map<string, Row> {
    if (!this.#deletedByKey) {
      this.#deletedByKey = new Map();
      for (const row of this.#deletes) if (row) this.#deletedByKey.set(this.#table.identityOf(row.bytes), row);
    }
    return this.#deletedByKey;
  }
}

/** Reverts a net change of a table. */
export function undoChange(table: ChangedTable, { inserts, deletes }: RowChange): void {
  for (const row of inserts) {
    table.remove(row);
    row.mark = REMOVED;
  }
  for (const row of deletes) {
    table.put(row);
    row.mark = 0;
  }
}

/** Removes the holes of a list and marks its rows with their new positions. */
function compact(rows: readonly (Row | undefined)[], sign: 1 | -1): Row[] {
  const kept: Row[] = [];
  for (const row of rows) if (row) row.mark = sign * kept.push(row);
  return kept;
}
