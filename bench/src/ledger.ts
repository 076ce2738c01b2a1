// Ledger of a receiver: the times when each numbered message was handled and acknowledged, and duplicates.

/** A clock shared by all processes of the machine, in milliseconds. */
export function nowMs(): number {
  return Number(process.hrtime.bigint()) / 1e6;
}

/** The times of handling and of acknowledgement of a message, by `nowMs`. */
export interface Settled {
  readonly handledAt: number;
  readonly settledAt: number;
}

interface Entry {
  handledAt: number;
  settledAt: number | undefined;
  times: number;
}

/** Records messages by number, and lets the harness wait for them. */
export class Ledger {
  readonly #entries = new Map<number, Entry>();
  #settled = 0;
  #waiting: (() => void)[] = [];

  /** Records that a handler received message `n`. */
  handled(n: number): void {
    const entry = this.#entries.get(n);
    if (entry) entry.times++;
    else this.#entries.set(n, { handledAt: nowMs(), settledAt: undefined, times: 1 });
  }

  /** Records that the acknowledgement of message `n` was confirmed. */
  settled(n: number): void {
    const entry = this.#entries.get(n);
    if (!entry || entry.settledAt !== undefined) return;
    entry.settledAt = nowMs();
    this.#settled++;
    const waiting = this.#waiting;
    this.#waiting = [];
    for (const look of waiting) look();
  }

  /** Waits until message `n` is acknowledged and returns its times. */
  async waitFor(n: number): Promise<Settled> {
    for (;;) {
      const entry = this.#entries.get(n);
      if (entry?.settledAt !== undefined) return { handledAt: entry.handledAt, settledAt: entry.settledAt };
      await this.#change();
    }
  }

  /** Waits until that many messages in all are acknowledged; returns the time of the last acknowledgement. */
  async waitForCount(count: number): Promise<number> {
    while (this.#settled < count) await this.#change();
    return nowMs();
  }

  /** Returns the faults of the messages 0 to `expected` - 1, each of which must have been handled exactly once. */
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
