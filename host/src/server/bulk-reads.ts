// Reading of long messages in turns. The event loop reads up to 2 MiB of one socket before it looks at the next, so that a few
// dozen senders of long messages would hold up all others for a second.

/** A connection with a long message on its way. */
export interface BulkReader {
  pauseReading(): void;
  /** Continues to read, unless reading is paused for another reason or the connection has ended. */
  resumeReading(): void;
}

/** Bytes of long messages that are read in one turn of the event loop, apart from the first chunk of each connection. */
const TURN_BYTES = 2 * 1024 * 1024;
/** Connections that continue to read in one turn. */
const TURN_READERS = 32;

/** Gives turns to the connections that receive long messages. */
export class BulkReads {
  #bytes = 0;
  #isScheduled = false;
  readonly #paused = new Set<BulkReader>();

  /** Notes bytes of a long message; pauses the connection when the turn is over. */
  note(reader: BulkReader, bytes: number): void {
    this.#bytes += bytes;
    this.#schedule();
    if (this.#bytes <= TURN_BYTES) return;
    reader.pauseReading();
    this.#paused.add(reader);
  }

  /** Forgets a closed connection. */
  remove(reader: BulkReader): void {
    this.#paused.delete(reader);
  }

  #schedule(): void {
    if (this.#isScheduled) return;
    this.#isScheduled = true;
    setImmediate(() => {
      this.#isScheduled = false;
      this.#bytes = 0;
      let left = TURN_READERS;
      for (const reader of this.#paused) {
        if (left-- === 0) break;
        this.#paused.delete(reader);
        reader.resumeReading();
      }
      if (this.#paused.size > 0) this.#schedule();
    });
  }
}
