// Reads a feed of densely numbered rows: live rows, and the stored log for those that were missed.
//
// I1  Rows are returned in order and without gaps; gaps between live rows are read from the stored log.
// I2  No row is returned twice.
// I3  The buffer of live rows is bounded; dropped rows are read from the log later.

/** A page of the stored log. */
export interface FeedPage<Row> {
  /** Rows after the requested number, in order. */
  readonly rows: readonly Row[];
  /** There are no other rows up to this number. */
  readonly through: bigint;
  /** Number of the newest row of the log. */
  readonly last: bigint;
}

const MAX_LIVE = 1_024;

/** Returns every row of a feed once and in order. */
export class FeedReader<Row extends { readonly seq: bigint }> {
  readonly #readPage: (after: bigint) => Promise<FeedPage<Row>>;
  #position: bigint;
  #live: Row[] = [];
  /** True if rows may be missing between the position and the live rows. */
  #isBehind: boolean;
  #isClosed = false;
  #wakeUp: (() => void) | undefined;

  /** Starts after number `position`; if `isBehind`, with the stored rows from there on. */
  constructor(
    readPage: (after: bigint) => Promise<FeedPage<Row>>,
    position: bigint,
    options: { readonly isBehind: boolean },
  ) {
    this.#readPage = readPage;
    this.#position = position;
    this.#isBehind = options.isBehind;
  }

  /** Number of the last returned row. */
  get position(): bigint {
    return this.#position;
  }

  /** Adds a live row. */
  push(row: Row): void {
    if (row.seq <= this.#position) return;
    if (this.#live.length >= MAX_LIVE) {
      this.#live = [];
      this.#isBehind = true;
    }
    this.#live.push(row);
    this.#wake();
  }

  /** Marks a possible gap: live rows may have been missed. */
  markBehind(): void {
    this.#isBehind = true;
    this.#wake();
  }

  /** Waits for the next rows; returns none once the reader is closed. Throws errors of reading the log. */
  async read(): Promise<readonly Row[]> {
    while (!this.#isClosed) {
      const rows = this.#isBehind ? [] : this.#takeLive();
      if (rows.length > 0) return rows;
      if (this.#isBehind || this.#live.length > 0) {
        const caughtUp = await this.#catchUp();
        if (caughtUp.length > 0) return caughtUp;
      } else {
        await new Promise<void>(resolve => (this.#wakeUp = resolve));
      }
    }
    return [];
  }

  /** Ends the reader; idempotent. */
  close(): void {
    this.#isClosed = true;
    this.#live = [];
    this.#wake();
  }

  async #catchUp(): Promise<readonly Row[]> {
    // Live rows that arrive during the read are buffered; those on the page too are dropped by `#takeLive`.
    this.#isBehind = false;
    const before = this.#position;
    const shown = this.#live.at(-1);
    let page: FeedPage<Row>;
    try {
      page = await this.#readPage(before);
    } catch (error) {
      this.#isBehind = true;
      throw error;
    }
    if (this.#isClosed) return [];
    if (page.through > this.#position) this.#position = page.through;
    if (page.through < page.last) this.#isBehind = true;
    // A row is in the log before it is live. (A row that came after the request may not be on the page.)
    if (shown && shown.seq > page.last) throw new Error(`row ${shown.seq} was live, but the log ends at ${page.last}`);
    return page.rows;
  }

  /** Takes the live rows that follow the position without a gap. */
  #takeLive(): Row[] {
    const rows = this.#live;
    let from = 0;
    while (from < rows.length && (rows[from]?.seq ?? 0n) <= this.#position) from++;
    let to = from;
    while (to < rows.length && rows[to]?.seq === this.#position + 1n) {
      this.#position++;
      to++;
    }
    if (from === 0 && to === rows.length) {
      this.#live = [];
      return rows;
    }
    this.#live = rows.slice(to);
    return rows.slice(from, to);
  }

  #wake(): void {
    const wakeUp = this.#wakeUp;
    this.#wakeUp = undefined;
    wakeUp?.();
  }
}
