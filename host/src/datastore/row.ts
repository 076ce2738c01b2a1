// One row: the BSATN bytes the guest gave, and the key that storage knows it by.

/**
 * A stored row. Its bytes never change: an update makes another Row with the same key, and putting back an identical
 * row brings the old Row back, so two Rows are the same row exactly when they are the same object.
 */
export class Row {
  readonly bytes: Uint8Array;
  /** Unique in its table and kept across updates. */
  readonly key: number;
  /** Where the open transaction keeps this row; for `TableChanges` only. */
  mark = 0;

  constructor(bytes: Uint8Array, key: number) {
    this.bytes = bytes;
    this.key = key;
  }
}
