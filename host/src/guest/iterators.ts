// Row iterators of a module: snapshots of rows, copied in batches of the size of the module's buffer.

import type { Row } from '../datastore/row.ts';

/** The next row does not fit: nothing was written and the iterator stays open. */
export class BufferTooSmall {
  readonly neededBytes: number;

  constructor(neededBytes: number) {
    this.neededBytes = neededBytes;
  }
}

/** Open iterators by handle. Handles start at 1 and are reused; 0 is an empty iterator. */
export class RowIterators {
  // A single row is stored without a list: most scans are finds.
  readonly #rows: (Row | readonly Row[] | undefined)[] = [undefined];
  readonly #next: number[] = [0];
  readonly #free: number[] = [];
  readonly #open: number[] = [];

  /** Opens an iterator over rows; the list must not change. */
  open(rows: Row | readonly Row[]): number {
    const id = this.#free.pop() ?? this.#rows.length;
    this.#rows[id] = rows;
    this.#next[id] = 0;
    this.#open.push(id);
    return id;
  }

  /**
   * Copies whole rows into the target. Returns the number of bytes, negated if the iterator is exhausted and closed;
   * undefined if there is no such iterator.
   */
  advance(id: number, target: Uint8Array): number | BufferTooSmall | undefined {
    const rows = this.#rows[id];
    if (rows === undefined) return id === 0 ? 0 : undefined;
    if (!isList(rows)) {
      const { bytes } = rows;
      if (bytes.length > target.length) return new BufferTooSmall(bytes.length);
      target.set(bytes);
      this.#release(id);
      return -bytes.length;
    }
    let at = 0;
    let next = this.#next[id] ?? 0;
    for (; next < rows.length; next++) {
      const bytes = rows[next]?.bytes;
      if (!bytes) break;
      if (at + bytes.length > target.length) {
        if (at === 0) return new BufferTooSmall(bytes.length);
        this.#next[id] = next;
        return at;
      }
      target.set(bytes, at);
      at += bytes.length;
    }
    this.#release(id);
    return -at;
  }

  /** Returns true if there was such an iterator. */
  close(id: number): boolean {
    if (id === 0) return true;
    if (this.#rows[id] === undefined) return false;
    this.#release(id);
    return true;
  }

  /** The number of open iterators; pass it to `releaseFrom` when the call ends. */
  get openCount(): number {
    return this.#open.length;
  }

  /** Closes the iterators opened since `openCount` had this value. */
  releaseFrom(mark: number): void {
    while (this.#open.length > mark) {
      const id = this.#open.pop();
      if (id !== undefined && this.#rows[id] !== undefined) this.#forget(id);
    }
  }

  #release(id: number): void {
    // Iterators nearly always end in the reverse order of their opening.
    const at = this.#open.lastIndexOf(id);
    if (at >= 0) this.#open.splice(at, 1);
    this.#forget(id);
  }

  #forget(id: number): void {
    this.#rows[id] = undefined;
    this.#free.push(id);
  }
}

function isList(rows: Row | readonly Row[]): rows is readonly Row[] {
  return Array.isArray(rows);
}
