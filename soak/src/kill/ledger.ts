// Ledger: the confirmed changes, and the unanswered ones that may have happened; decides which rows are right after a kill.

/** The visible state of a key; undefined if it has no rows. */
export type Fate = string | undefined;

interface Account {
  sure: Fate;
  /** An unanswered change. */
  perhaps?: { readonly fate: Fate };
}

/** Expected state by key; one change of a key is in flight at a time. */
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

  /** Keys that are known to exist. */
  sure(prefix: string): string[] {
    return [...this.#accounts].flatMap(([key, { sure, perhaps }]) =>
      key.startsWith(prefix) && sure !== undefined && !perhaps ? [key] : [],
    );
  }

  /** Compares with the actual state, continues from it, and returns the lost and the unexpected rows. */
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

/** Owners of sequence numbers; a number with two owners is a fault. */
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
