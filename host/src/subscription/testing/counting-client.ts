// Test client of subscriptions: counts the rows it receives, like the SDK.

import { type Table } from '../../datastore/table.ts';
import { BsatnReader } from '../../sats/reader.ts';
import type { QueryRowsData, QuerySetUpdateData } from '../../wire/server-message.ts';

/** The count of each row, by table and hex of its bytes. */
export type Counts = ReadonlyMap<string, number>;

/** Counts rows of query sets; throws if an absent row is deleted. */
export class CountingClient {
  readonly identity: bigint;
  /** The tables that updates may name. */
  readonly #tables: (name: string) => Table;
  readonly #sets = new Map<number, Map<string, number>>();
  readonly events: string[] = [];

  constructor(identity: bigint, tables: (name: string) => Table) {
    this.identity = identity;
    this.#tables = tables;
  }

  counts(querySetId: number): Counts {
    return this.#sets.get(querySetId) ?? new Map<string, number>();
  }

  applied(querySetId: number, rows: QueryRowsData): void {
    const counts = new Map<string, number>();
    this.#sets.set(querySetId, counts);
    for (const { table, rows: list } of rows) {
      for (const row of this.#rows(table, new BsatnReader(list))) add(counts, row, 1);
    }
  }

  /** Subtracts the rows of an ended set and returns the rest. */
  ended(querySetId: number, rows: QueryRowsData): Counts {
    const counts = this.#sets.get(querySetId) ?? new Map<string, number>();
    for (const { table, rows: list } of rows) {
      for (const row of this.#rows(table, new BsatnReader(list))) add(counts, row, -1);
    }
    this.#sets.delete(querySetId);
    return counts;
  }

  updated(updates: readonly QuerySetUpdateData[]): void {
    for (const { querySetId, tables } of updates) {
      const counts = this.#sets.get(querySetId);
      if (!counts) throw new Error(`an update of the query set ${querySetId}, which does not exist`);
      for (const bytes of tables) this.#update(counts, new BsatnReader(bytes));
    }
  }

  #update(counts: Map<string, number>, reader: BsatnReader): void {
    const table = reader.string();
    for (let parts = reader.u32(); parts > 0; parts--) {
      if (reader.u8() === 1) {
        this.events.push(...this.#rows(table, reader));
        continue;
      }
      const inserts = this.#rows(table, reader);
      const deletes = this.#rows(table, reader);
      const both = new Set(inserts).intersection(new Set(deletes));
      if (both.size > 0) throw new Error('a row is inserted and deleted in one update');
      if (inserts.length + deletes.length === 0) throw new Error('an update without rows');
      for (const row of inserts) add(counts, row, 1);
      for (const row of deletes) add(counts, row, -1);
    }
  }

  /** Splits a list by its hint and by its rows; both must agree. */
  #rows(table: string, reader: BsatnReader): string[] {
    const starts: number[] = [];
    const fixed = reader.u8() === 0 ? reader.u16() : undefined;
    if (fixed === undefined) for (let n = reader.u32(); n > 0; n--) starts.push(Number(reader.u64()));
    const data = reader.byteArray();
    const rows: string[] = [];
    const { layout } = this.#tables(table);
    for (let at = 0; at < data.length;) {
      const start = fixed === undefined ? starts[rows.length] : rows.length * fixed;
      if (start !== at) throw new Error(`row ${rows.length} of ${table} starts at ${at}, not ${start}`);
      const end = layout.endOf(data, at);
      rows.push(`${table} ${Buffer.from(data.subarray(at, end)).toString('hex')}`);
      at = end;
    }
    if (fixed === undefined && starts.length !== rows.length) throw new Error('the hint names more rows');
    return rows;
  }
}

function add(counts: Map<string, number>, row: string, count: number): void {
  const sum = (counts.get(row) ?? 0) + count;
  if (sum < 0) throw new Error(`an absent row is deleted: ${row}`);
  if (sum === 0) counts.delete(row);
  else counts.set(row, sum);
}
