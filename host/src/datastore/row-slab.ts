// Where the bytes of a table's rows are copied to: many small rows in one piece of memory, which is five times cheaper
// than one piece each. A slab stays as long as one of its rows does, so slabs are small.

const SLAB_BYTES = 2048;

/** A row of more than this gets memory of its own. */
const LARGE_ROW_BYTES = 512;

/** Copies rows for one table. */
export class RowSlab {
  #slab = new Uint8Array(0);
  #used = 0;

  /** A copy of a row. Unless `keep` follows, the next copy takes its place. */
  place(row: Uint8Array): Uint8Array {
    const length = row.length;
    if (length > LARGE_ROW_BYTES) return row.slice();
    if (this.#used + length > this.#slab.length) {
      // The first slabs of a table are smaller: most relations of views hold a few rows.
      const bytes = Math.max(length, Math.min(SLAB_BYTES, Math.max(this.#slab.length * 2, length * 4)));
      this.#slab = new Uint8Array(bytes);
      this.#used = 0;
    }
    const copy = new Uint8Array(this.#slab.buffer, this.#used, length);
    copy.set(row);
    return copy;
  }

  /** Makes the last copy permanent. */
  keep(copy: Uint8Array): void {
    if (copy.buffer === this.#slab.buffer) this.#used += copy.length;
  }
}
