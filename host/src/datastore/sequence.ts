// An auto-increment column: hands out values, and reserves them in blocks so that few are written to disk.

import type { SequenceDef } from '../schema/definition.ts';

/** Values reserved at a time; a restart skips at most this many. */
export const SEQUENCE_BLOCK = 4096n;

/** The counter of one auto-increment column. A value drawn is never given back. */
export class Sequence {
  readonly def: SequenceDef;

  constructor(def: SequenceDef) {
    this.def = def;
  }
}
