// Rows by key: at most one row a key under a unique constraint, any number under an ordinary index.

import type { Row } from './row.ts';
import { type KeyReader } from './row-key.ts';

/** Finds rows by the key of some columns. */
export interface RowMap {
  readonly columns: readonly number[];
  readonly read: KeyReader;
  first(key: string): Row | undefined;
  /** A copy: later inserts and deletes do not change it. */
  all(key: string): readonly Row[];
  countOf(key: string): number;
}

const NO_ROWS: readonly Row[] = [];

/** At most one row a key. */
export class UniqueMap implements RowMap {
  readonly columns: readonly number[];
  readonly read: KeyReader;
  readonly rows = new Map<string, Row>();
  /** The key of the row being written, from the conflict check until the insert. */
  key = '';

  constructor(columns: readonly number[], read: KeyReader) {
    this.columns = columns;
    this.read = read;
  }

  first(key: string): Row | undefined {
    return this.rows.get(key);
  }
  all(key: string): readonly Row[] {
    const row = this.rows.get(key);
    return row ? [row] : NO_ROWS;
  }
  countOf(key: string): number {
    return this.rows.has(key) ? 1 : 0;
  }
}

/** Up to this many rows of a key are a list, more are a set, so that removing one stays cheap. */
const MAX_LIST_LENGTH = 8;

/** Any number of rows a key. */
export class BucketMap implements RowMap {
  readonly columns: readonly number[];
  readonly read: KeyReader;
  readonly #buckets = new Map<string, Row | Row[] | Set<Row>>();

  constructor(columns: readonly number[], read: KeyReader) {
    this.columns = columns;
    this.read = read;
  }

  add(row: Row): void {
    this.#addAt(this.read(row.bytes), row);
  }

  #addAt(key: string, row: Row): void {
    const bucket = this.#buckets.get(key);
    if (bucket === undefined) this.#buckets.set(key, row);
    else if (bucket instanceof Set) bucket.add(row);
    else if (!Array.isArray(bucket)) this.#buckets.set(key, [bucket, row]);
    else if (bucket.length < MAX_LIST_LENGTH) bucket.push(row);
    else this.#buckets.set(key, new Set(bucket).add(row));
  }

  remove(row: Row): void {
    this.#removeAt(this.read(row.bytes), row);
  }

  #removeAt(key: string, row: Row): void {
    const bucket = this.#buckets.get(key);
    if (bucket === row) {
      this.#buckets.delete(key);
    } else if (bucket instanceof Set) {
      if (bucket.delete(row) && bucket.size === 0) this.#buckets.delete(key);
    } else if (Array.isArray(bucket)) {
      const at = bucket.indexOf(row);
      if (at < 0) return;
      const last = bucket.pop();
      if (last && last !== row) bucket[at] = last;
      const [only] = bucket;
      if (bucket.length === 1 && only) this.#buckets.set(key, only);
    }
  }

  /** Replaces `row` by `next`. */
  replace(row: Row, next: Row): void {
    const key = this.read(row.bytes);
    const nextKey = this.read(next.bytes);
    if (key === nextKey) {
      const bucket = this.#buckets.get(key);
      if (bucket === row) {
        this.#buckets.set(key, next);
        return;
      }
      if (Array.isArray(bucket)) {
        bucket[bucket.indexOf(row)] = next;
        return;
      }
    }
    this.#removeAt(key, row);
    this.#addAt(nextKey, next);
  }

  clear(): void {
    this.#buckets.clear();
  }

  first(key: string): Row | undefined {
    const bucket = this.#buckets.get(key);
    if (bucket instanceof Set) return bucket.values().next().value;
    return Array.isArray(bucket) ? bucket[0] : bucket;
  }
  all(key: string): readonly Row[] {
    const bucket = this.#buckets.get(key);
    if (bucket === undefined) return NO_ROWS;
    if (bucket instanceof Set) return Array.from(bucket);
    return Array.isArray(bucket) ? bucket.slice() : [bucket];
  }
  countOf(key: string): number {
    const bucket = this.#buckets.get(key);
    if (bucket === undefined) return 0;
    if (bucket instanceof Set) return bucket.size;
    return Array.isArray(bucket) ? bucket.length : 1;
  }
}
