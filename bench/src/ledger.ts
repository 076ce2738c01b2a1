// What a receiver keeps about numbered messages: when each was handled and acknowledged, and which came twice.

/** A clock that all processes of a machine share, in milliseconds. */
export function nowMs(): number {
  return Number(process.hrtime.bigint()) / 1e6;
}

/** When a message was handled and when it was acknowledged, both by `nowMs`. */
export interface Settled {
  readonly handledAt: number;
  readonly settledAt: number;
}

interface Entry {
  handledAt: number;
  settledAt: number | undefined;
  times: number;
}

/** Notes messages by number as they are handled and acknowledged, and lets the harness wait for them. */
export class Ledger {
  readonly #entries = new Map<number, Entry>();
  #settled = 0;
  #waiting: (() => void)[] = [];

  /** A handler got message `n`. */
  handled(n: number): void {
    const entry = this.#entries.get(n);
    if (entry) entry.times++;
    else this.#entries.set(n, { handledAt: nowMs(), settledAt: undefined, times: 1 });
  }

  /** The acknowledgement of message `n` is known to have taken effect. */
  settled(n: number): void {
    const entry = this.#entries.get(n);
    if (!entry || entry.settledAt !== undefined) return;
    entry.settledAt = nowMs();
    this.#settled++;
    const waiting = this.#waiting;
    this.#waiting = [];
    for (const look of waiting) look();
  }

  /** When message `n` was handled and acknowledged; waits until it is. */
  async waitFor(n: number): Promise<Settled> {
    for (;;) {
      const entry = this.#entries.get(n);
      if (entry?.settledAt !== undefined) return { handledAt: entry.handledAt, settledAt: entry.settledAt };
      await this.#change();
    }
  }

  /** Waits until that many messages in all are acknowledged; gives the time of the last acknowledgement. */
  async waitForCount(count: number): Promise<number> {
    while (this.#settled < count) await this.#change();
    return nowMs();
  }

  /** What is wrong with the messages 0 to `expected` - 1, each of which must have been handled exactly once. */
  faults(expected: number): string[] {
    const numbers = Array.from({ length: expected }, (_, n) => n);
    const missing = numbers.filter(n => !this.#entries.has(n)).length;
    const repeated = [...this.#entries.values()].filter(entry => entry.times > 1).length;
    const unsettled = [...this.#entries.values()].filter(entry => entry.settledAt === undefined).length;
    const unknown = [...this.#entries.keys()].filter(n => n >= expected).length;
    return [
      [missing, 'were never handled'],
      [repeated, 'were handled more than once'],
      [unsettled, 'were not acknowledged'],
      [unknown, 'were never sent'],
    ].flatMap(([count, what]) => (count === 0 ? [] : [`${count} of ${expected} messages ${what}`]));
  }

  #change(): Promise<void> {
    return new Promise(resolve => this.#waiting.push(resolve));
  }
}
