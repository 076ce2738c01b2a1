// What somebody in a story has heard, and a way to wait for it: nothing sleeps.

const WAIT_MS = 10_000;

/** Collects what comes. `add` is a handler that can be given to whoever calls one. */
export class Heard<T> {
  readonly items: T[] = [];
  #waiting: (() => void)[] = [];

  readonly add = (item: T): void => {
    this.items.push(item);
    for (const check of [...this.#waiting]) check();
  };

  /** All that has come, once there are at least `count`. */
  atLeast(count: number): Promise<readonly T[]> {
    return new Promise((resolve, reject) => {
      const timer = setTimeout(() => {
        reject(new Error(`heard ${this.items.length} of ${count} within ${WAIT_MS} ms: ${JSON.stringify(this.items)}`));
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

  /** The first that comes. */
  async first(): Promise<T> {
    const [item] = await this.atLeast(1);
    if (item === undefined) throw new Error('unreachable: there is at least one');
    return item;
  }
}

/** A promise that is settled by hand. */
export function gate(): { readonly open: () => void; readonly opened: Promise<void> } {
  const { promise, resolve } = Promise.withResolvers<void>();
  return { open: resolve, opened: promise };
}
