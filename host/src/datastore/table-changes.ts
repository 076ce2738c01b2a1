// What the open transaction has changed in one table, net, kept as it goes. It is also the undo list: taking a transaction
// back means removing what is inserted and putting back what is deleted.
//
// A row's `mark` says where it stands: 0 untouched, n > 0 the (n-1)th insert, n < 0 the (-n-1)th delete, GONE no longer in
// any table.

import type { RelationDef } from './relation.ts';
import { Row } from './row.ts';
import { isSameBytes } from './row-key.ts';

/** Rows that came and rows that went. */
export interface RowChange {
  readonly inserts: readonly Row[];
  readonly deletes: readonly Row[];
}

/** The part of a table that its change needs. */
export interface ChangedTable {
  readonly def: Pick<RelationDef, 'isEvent'>;
  identityOf(bytes: Uint8Array): string;
  newRowKey(): number;
  readKeys(bytes: Uint8Array, except?: Row): Row | undefined;
  put(row: Row): void;
  replace(row: Row, next: Row): void;
  remove(row: Row): void;
}

const GONE = -(2 ** 30);

/** Up to this many deleted rows are looked through one by one; more of them get a map. */
const MAX_SCANNED_DELETES = 8;

/** The net change of one table inside one transaction. */
export class TableChanges {
  readonly #table: ChangedTable;
  #inserts: (Row | undefined)[] = [];
  #deletes: (Row | undefined)[] = [];
  #insertCount = 0;
  #deleteCount = 0;
  /** By identity key: rows that were there when the transaction began differ in it. */
  #deletedByKey: Map<string, Row> | undefined;

  /** New rows that took over the storage key of the row they replaced, by that key. */
  readonly #heirs = new Map<number, Row>();

  constructor(table: ChangedTable) {
    this.#table = table;
  }

  get isEmpty(): boolean {
    return this.#insertCount === 0 && this.#deleteCount === 0;
  }

  /** Whether a row is in the table now. */
  static isPresent(row: Row): boolean {
    return row.mark >= 0;
  }

  /** Notes that a new row is in the table. */
  inserted(row: Row): void {
    row.mark = this.#inserts.push(row);
    this.#insertCount++;
  }

  /** Notes that a new row has taken the place and the storage key of another one, which was noted as deleted. */
  inherited(row: Row): void {
    this.inserted(row);
    this.#heirs.set(row.key, row);
  }

  /** Notes that a row has left the table: one that this transaction brought is as if it had never been. */
  deleted(row: Row): void {
    if (row.mark > 0) {
      this.#inserts[row.mark - 1] = undefined;
      this.#insertCount--;
      row.mark = GONE;
    } else {
      row.mark = -this.#deletes.push(row);
      this.#deleteCount++;
      this.#deletedByKey?.set(this.#table.identityOf(row.bytes), row);
    }
  }

  /** The row of these bytes that this transaction deleted: it comes back instead of a new one. */
  findDeleted(bytes: Uint8Array): Row | undefined {
    if (this.#deleteCount === 0) return undefined;
    if (this.#deletes.length > MAX_SCANNED_DELETES) {
      const row = this.#deletedMap().get(this.#table.identityOf(bytes));
      return row && isSameBytes(row.bytes, bytes) ? row : undefined;
    }
    for (const row of this.#deletes) if (row && isSameBytes(row.bytes, bytes)) return row;
    return undefined;
  }

  /** Notes that a deleted row is back, and takes its storage key from the row that has it now, if one does. */
  restored(row: Row): void {
    const heir = this.#heirs.get(row.key);
    if (heir && heir.mark > 0) this.#disinherit(heir);
    this.#deletes[-row.mark - 1] = undefined;
    this.#deleteCount--;
    this.#deletedByKey?.delete(this.#table.identityOf(row.bytes));
    row.mark = 0;
  }

  #disinherit(heir: Row): void {
    const row = new Row(heir.bytes, this.#table.newRowKey());
    this.#table.readKeys(row.bytes, heir);
    this.#table.replace(heir, row);
    row.mark = heir.mark;
    this.#inserts[row.mark - 1] = row;
    heir.mark = GONE;
  }

  /** What remains, to be read before the next write. */
  net(): RowChange {
    return { inserts: this.#netInserts(), deletes: this.#netDeletes() };
  }

  /** Ends the transaction for this table with its rows as they are. */
  settle(): RowChange {
    const change = this.net();
    const afterwards = this.#table.def.isEvent ? GONE : 0;
    for (const row of change.inserts) row.mark = afterwards;
    for (const row of change.deletes) row.mark = GONE;
    return change;
  }

  /** Ends the transaction for this table with its rows as they were. */
  undo(): void {
    undoChange(this.#table, this.net());
  }

  #netInserts(): Row[] {
    if (this.#insertCount !== this.#inserts.length) this.#inserts = compact(this.#inserts, 1);
    return this.#inserts as Row[]; // it has no holes now
  }

  #netDeletes(): Row[] {
    if (this.#deleteCount !== this.#deletes.length) this.#deletes = compact(this.#deletes, -1);
    return this.#deletes as Row[]; // it has no holes now
  }

  #deletedMap(): Map<string, Row> {
    if (!this.#deletedByKey) {
      this.#deletedByKey = new Map();
      for (const row of this.#deletes) if (row) this.#deletedByKey.set(this.#table.identityOf(row.bytes), row);
    }
    return this.#deletedByKey;
  }
}

/** Makes the rows of a table what they were before a net change. */
export function undoChange(table: ChangedTable, { inserts, deletes }: RowChange): void {
  for (const row of inserts) {
    table.remove(row);
    row.mark = GONE;
  }
  for (const row of deletes) {
    table.put(row);
    row.mark = 0;
  }
}

/** Closes the holes of a list and marks its rows with their new places. */
function compact(rows: readonly (Row | undefined)[], sign: 1 | -1): Row[] {
  const kept: Row[] = [];
  for (const row of rows) if (row) row.mark = sign * kept.push(row);
  return kept;
}
