// The memory that all connections of a host hold together: unfinished frames and bodies, waiting requests, unsent answers.
// Limits per connection alone would grow with the number of connections.
//
// The counts of holders may be too high, since they fall without a notice. So all holders are counted again when the total
// exceeds the limit, and from time to time, as some counts grow without a notice too (decompressed fragments). The largest
// holder is then dropped, the oldest of equal ones first, until there is room for further growth.

/** A connection or request that holds memory. */
export interface MemoryHolder {
  /** Bytes that it holds now. */
  readonly heldBytes: number;
  /** Ends it and frees its bytes. */
  drop(reason: string): void;
}

const RECOUNT_MS = 250;
/** Droping ends at this share of the limit, so that the next count is not needed soon. */
const FREE_SHARE = 0.9;

/** Bounds the bytes of all holders together. */
export class MemoryBudget {
  readonly #maxBytes: number;
  readonly #shares = new Set<MemoryShare>();
  readonly #timer: NodeJS.Timeout;
  #total = 0;

  constructor(maxBytes: number) {
    this.#maxBytes = maxBytes;
    this.#timer = setInterval(() => this.#recount(), RECOUNT_MS).unref();
  }

  /** Bytes at the last count. */
  get bytes(): number {
    return this.#total;
  }

  /** Adds a holder, which must end its share. */
  share(holder: MemoryHolder): MemoryShare {
    const share = new MemoryShare(holder, (share, bytes) => this.#note(share, bytes));
    this.#shares.add(share);
    return share;
  }

  close(): void {
    clearInterval(this.#timer);
  }

  #note(share: MemoryShare, bytes: number | undefined): void {
    this.#total += (bytes ?? 0) - share.counted;
    share.counted = bytes ?? 0;
    if (bytes === undefined) this.#shares.delete(share);
    else if (this.#total > this.#maxBytes) this.#recount();
  }

  #recount(): void {
    this.#total = 0;
    for (const share of this.#shares) {
      share.counted = share.holder.heldBytes;
      this.#total += share.counted;
    }
    if (this.#total <= this.#maxBytes * FREE_SHARE) return;
    const largestFirst = [...this.#shares].sort((a, b) => b.counted - a.counted);
    for (const share of largestFirst) {
      if (this.#total <= this.#maxBytes * FREE_SHARE) return;
      const held = share.counted;
      share.end();
      share.holder.drop(
        `it held ${held} bytes, the most of all connections, which may hold ${this.#maxBytes} bytes together`,
      );
    }
  }
}

/** The part of one holder. */
export class MemoryShare {
  readonly holder: MemoryHolder;
  /** Bytes at the last count; the budget changes it. */
  counted = 0;
  readonly #note: (share: MemoryShare, bytes: number | undefined) => void;
  #isEnded = false;

  constructor(holder: MemoryHolder, note: (share: MemoryShare, bytes: number | undefined) => void) {
    this.holder = holder;
    this.#note = note;
  }

  /** Notes the bytes that the holder holds now; may drop it or others. Cheap enough for each message. */
  note(bytes: number): void {
    if (!this.#isEnded) this.#note(this, bytes);
  }

  /** Removes the holder; idempotent. */
  end(): void {
    if (this.#isEnded) return;
    this.#isEnded = true;
    this.#note(this, undefined);
  }
}
