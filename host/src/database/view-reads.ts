// Read sets of views, and the views that a change affects. A point scan reads one key of one index; any other access reads
// the whole table.

import type { TableChange } from '../datastore/commit.ts';
import { type Table, type Index } from '../datastore/table.ts';
import type { ReadSet } from '../guest/activation.ts';

/** The read set of one run of a view. */
export class ViewReads implements ReadSet {
  readonly points: { readonly index: Index; readonly key: string }[] = [];
  readonly tables: Table[] = [];

  point(index: Index, key: string): void {
    this.points.push({ index, key });
  }
  whole(table: Table): void {
    if (!this.tables.includes(table)) this.tables.push(table);
  }

  /** Returns true if two runs read the same in the same order, as runs of one view usually do. */
  isSame(other: ViewReads): boolean {
    return (
      this.points.length === other.points.length &&
      this.tables.length === other.tables.length &&
      this.points.every(({ index, key }, at) => other.points[at]?.index === index && other.points[at].key === key) &&
      this.tables.every((table, at) => other.tables[at] === table)
    );
  }
}

interface Watched<T> {
  readonly whole: Set<T>;
  readonly points: Map<Index, Map<string, Set<T>>>;
}

/** Readers by their read sets. */
export class Readers<T> {
  readonly #byTable = new Map<Table, Watched<T>>();

  add(reader: T, reads: ViewReads): void {
    for (const table of reads.tables) this.#watched(table).whole.add(reader);
    for (const { index, key } of reads.points) {
      const { points } = this.#watched(index.table);
      let keys = points.get(index);
      if (!keys) points.set(index, (keys = new Map<string, Set<T>>()));
      const readers = keys.get(key);
      if (readers) readers.add(reader);
      else keys.set(key, new Set([reader]));
    }
  }

  remove(reader: T, reads: ViewReads): void {
    for (const table of reads.tables) this.#byTable.get(table)?.whole.delete(reader);
    for (const { index, key } of reads.points) {
      const keys = this.#byTable.get(index.table)?.points.get(index);
      const readers = keys?.get(key);
      readers?.delete(reader);
      if (readers?.size === 0) keys?.delete(key);
    }
  }

  /** The readers that these changes affect; `undefined` if there are none. */
  affectedBy(changes: readonly TableChange[]): Set<T> | undefined {
    let affected: Set<T> | undefined;
    const add = (readers: Iterable<T>) => {
      affected ??= new Set();
      for (const reader of readers) affected.add(reader);
    };
    for (const { table, inserts, deletes } of changes) {
      const watched = this.#byTable.get(table);
      if (!watched) continue;
      if (watched.whole.size > 0) add(watched.whole);
      for (const [index, keys] of watched.points) {
        if (keys.size === 0) continue;
        for (const rows of [inserts, deletes]) {
          for (const row of rows) {
            const readers = keys.get(index.keyOf(row.bytes));
            if (readers) add(readers);
          }
        }
      }
    }
    return affected;
  }

  #watched(table: Table): Watched<T> {
    let watched = this.#byTable.get(table);
    if (!watched) this.#byTable.set(table, (watched = { whole: new Set(), points: new Map() }));
    return watched;
  }
}
