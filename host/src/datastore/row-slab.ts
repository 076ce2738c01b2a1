// Slab allocator for the bytes of a table's rows: many small rows share one buffer, which is five times cheaper than one
// buffer each. A slab lives as long as any of its rows, so slabs are small.

const SLAB_BYTES = 2048;

/** A larger row gets its own buffer. */
const LARGE_ROW_BYTES = 512;

/** Copies rows for one table. */
export class RowSlab {
  #slab = new Uint8Array(0);
  #used = 0;

  /** Copies a row. Unless `keep` follows, the next copy overwrites it. */
  place(row: Uint8Array): Uint8Array {
    const length = row.length;
    if (length > LARGE_ROW_BYTES) return row.slice();
    if (this.#used + length > this.#slab.length) {
      // The first slabs of a table are smaller: most relations of views have few rows.
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
