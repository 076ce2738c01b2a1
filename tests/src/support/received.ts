// Collects the items that a test receives, and waits for them: no test sleeps.

const WAIT_MS = 10_000;

/** Collects items; pass `add` as a handler. */
export class Received<T> {
  readonly items: T[] = [];
  #waiting: (() => void)[] = [];

  readonly add = (item: T): void => {
    this.items.push(item);
    for (const check of [...this.#waiting]) check();
  };

  /** Returns all items once there are at least `count`. */
  atLeast(count: number): Promise<readonly T[]> {
    return new Promise((resolve, reject) => {
      const timer = setTimeout(() => {
        reject(
          new Error(`received ${this.items.length} of ${count} within ${WAIT_MS} ms: ${JSON.stringify(this.items)}`),
        );
      }, WAIT_MS);
      const check = () => {
        if (this.items.length < count) return;
        clearTimeout(timer);
        this.#waiting = this.#waiting.filter(each => each !== check);
        resolve(this.items);
      };
      this.#waiting.push(check);
      check();
    });
  }

  /** Returns the first item. */
  async first(): Promise<T> {
    const [item] = await this.atLeast(1);
    if (item === undefined) throw new Error('unreachable: there is at least one');
    return item;
  }
}

/** A promise that the test resolves. */
export function gate(): { readonly open: () => void; readonly opened: Promise<void> } {
  const { promise, resolve } = Promise.withResolvers<void>();
  return { open: resolve, opened: promise };
}
