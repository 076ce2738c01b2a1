// What the host confirmed, and what it may have done besides: the judge of what is there after a kill.

/** What is to be seen of something; undefined if nothing is. */
export type Fate = string | undefined;

interface Account {
  sure: Fate;
  /** What was asked for and not answered. */
  perhaps?: { readonly fate: Fate };
}

/** Knows of everything by a key; one change of a key is under way at a time. */
export class Ledger {
  readonly #accounts = new Map<string, Account>();

  /** A change was sent. */
  begin(key: string, fate: Fate): void {
    const account = this.#accounts.get(key) ?? { sure: undefined };
    account.perhaps = { fate };
    this.#accounts.set(key, account);
  }

  /** The change was confirmed. */
  confirm(key: string): void {
    const account = this.#accounts.get(key);
    if (account?.perhaps) this.#settle(key, account.perhaps.fate);
  }

  /** What is known to be there. */
  sure(prefix: string): string[] {
    return [...this.#accounts].flatMap(([key, { sure, perhaps }]) =>
      key.startsWith(prefix) && sure !== undefined && !perhaps ? [key] : [],
    );
  }

  /** Compares with everything that is there, and goes on from that. Returns what is lost or came from nowhere. */
  compare(actual: ReadonlyMap<string, string>): string[] {
    const faults: string[] = [];
    for (const [key, { sure, perhaps }] of [...this.#accounts]) {
      const is = actual.get(key);
      if (is !== sure && !(perhaps && is === perhaps.fate)) {
        const might = perhaps ? ` or ${perhaps.fate ?? 'gone'}` : '';
        faults.push(`${key} is ${is ?? 'gone'}, and should be ${sure ?? 'gone'}${might}`);
      }
      this.#settle(key, is);
    }
    for (const key of actual.keys()) if (!this.#accounts.has(key)) faults.push(`${key} is there, and nobody sent it`);
    return faults;
  }

  #settle(key: string, fate: Fate): void {
    if (fate === undefined) this.#accounts.delete(key);
    else this.#accounts.set(key, { sure: fate });
  }
}

/** Numbers that sequences gave, and to whom: the same number twice is a fault. */
export class Numbers {
  readonly #owners = new Map<string, string>();
  readonly faults: string[] = [];

  note(sequence: string, number: number | bigint, owner: string): void {
    const key = `${sequence} ${number}`;
    const before = this.#owners.get(key);
    if (before === owner) return;
    if (before !== undefined) this.faults.push(`${key} was given to ${before} and to ${owner}`);
    this.#owners.set(key, owner);
  }
}
