// One row: its BSATN bytes as the guest wrote them, and its storage key.

/**
 * A stored row. Its bytes never change: an update creates another Row with the same key, and inserting an identical row
 * again restores the old Row, so two Rows are the same row exactly if they are the same object.
 */
export class Row {
  readonly bytes: Uint8Array;
  /** Unique in its table and kept across updates. */
  readonly key: number;
  /** Position of this row in the open transaction; for `TableChanges` only. */
  mark = 0;

  constructor(bytes: Uint8Array, key: number) {
    this.bytes = bytes;
    this.key = key;
  }
}
