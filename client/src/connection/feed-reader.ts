// Reads a log whose rows are shown live and kept for a while: every row once, in the order of their dense numbers.
//
// I1  Rows are given in order, without a hole; a hole in what came live is read from the kept log.
// I2  No row is given twice.
// I3  What was shown live and not taken is bounded; beyond that it is forgotten here and read again later.

/** A piece of the kept log. */
export interface FeedPage<Row> {
  /** In order, all after the number that was asked for. */
  readonly rows: readonly Row[];
  /** Up to here there are no rows but these. */
  readonly through: bigint;
  /** The last number given so far. */
  readonly last: bigint;
}

const MAX_LIVE = 1_024;

/** Gives every row of a log once and in order, from what is shown live and what was kept. */
export class FeedReader<Row extends { readonly seq: bigint }> {
  readonly #readPage: (after: bigint) => Promise<FeedPage<Row>>;
  #position: bigint;
  #live: Row[] = [];
  /** Something may be missing between the position and what is shown live. */
  #isBehind: boolean;
  #isClosed = false;
  #wakeUp: (() => void) | undefined;

  /** Begins after number `position`; if `isBehind`, with what the kept log has from there on. */
  constructor(
    readPage: (after: bigint) => Promise<FeedPage<Row>>,
    position: bigint,
    options: { readonly isBehind: boolean },
  ) {
    this.#readPage = readPage;
    this.#position = position;
    this.#isBehind = options.isBehind;
  }

  /** The number of the last row given. */
  get position(): bigint {
    return this.#position;
  }

  /** A row was shown live. */
  push(row: Row): void {
    if (row.seq <= this.#position) return;
    if (this.#live.length >= MAX_LIVE) {
      this.#live = [];
      this.#isBehind = true;
    }
    this.#live.push(row);
    this.#wake();
  }

  /** Live rows may have been missed. */
  markBehind(): void {
    this.#isBehind = true;
    this.#wake();
  }

  /** The next rows, at least one; waits for them. None once the reader is closed. Throws what reading the log throws. */
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

  /** Ends waiting; may be called twice. */
  close(): void {
    this.#isClosed = true;
    this.#live = [];
    this.#wake();
  }

  async #catchUp(): Promise<readonly Row[]> {
    // What is shown while the page is on its way is kept, and what both have is dropped when it is taken.
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
    // A row is in the log before it is shown. (One that came since the page was asked for may not be on it.)
    if (shown && shown.seq > page.last) throw new Error(`row ${shown.seq} was shown, but the log ends at ${page.last}`);
    return page.rows;
  }

  /** Takes the live rows that follow the position without a hole. */
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
