// A priority queue by due time; items with the same time keep their order.

/** An item with a due time in microseconds. */
export interface Due {
  readonly dueAt: bigint;
}

interface Entry<T> {
  readonly item: T;
  readonly dueAt: bigint;
  readonly order: number;
}

/** A queue by due time, as a binary heap. */
export class DueQueue<T extends Due> {
  #heap: Entry<T>[] = [];
  #order = 0;

  get size(): number {
    return this.#heap.length;
  }

  peek(): T | undefined {
    return this.#heap[0]?.item;
  }

  push(item: T): void {
    const entry: Entry<T> = { item, dueAt: item.dueAt, order: this.#order++ };
    this.#heap.push(entry);
    this.#rise(this.#heap.length - 1, entry);
  }

  pop(): T | undefined {
    const [first] = this.#heap;
    const last = this.#heap.pop();
    if (first && last && first !== last) this.#sink(last);
    return first?.item;
  }

  /** Drops the items that do not pass. */
  retain(isKept: (item: T) => boolean): void {
    const kept = this.#heap.filter(entry => isKept(entry.item)).sort((a, b) => (isBefore(a, b) ? -1 : 1));
    this.#heap = kept;
  }

  #rise(at: number, entry: Entry<T>): void {
    while (at > 0) {
      const above = (at - 1) >> 1;
      const parent = this.#heap[above];
      if (!parent || isBefore(parent, entry)) break;
      this.#heap[at] = parent;
      at = above;
    }
    this.#heap[at] = entry;
  }

  /** Places an entry from the top downwards. */
  #sink(entry: Entry<T>): void {
    let at = 0;
    for (;;) {
      let below = 2 * at + 1;
      const left = this.#heap[below];
      if (!left) break;
      const right = this.#heap[below + 1];
      let child = left;
      if (right && isBefore(right, left)) {
        child = right;
        below++;
      }
      if (isBefore(entry, child)) break;
      this.#heap[at] = child;
      at = below;
    }
    this.#heap[at] = entry;
  }
}

function isBefore(a: Entry<unknown>, b: Entry<unknown>): boolean {
  return a.dueAt < b.dueAt || (a.dueAt === b.dueAt && a.order < b.order);
}
