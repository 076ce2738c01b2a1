// Deferred writes: writes without a waiting caller that must not be lost while the disk is behind. They run, in order, when
// the storage accepts writes again.

import type { Timer, World } from '../world.ts';

/** How long to wait before the storage is asked again. */
export const RETRY_MS = 100;

/** A queue of writes. */
export class DeferredWrites {
  readonly #world: World;
  readonly #isWritable: () => boolean;
  #waiting: (() => void)[] = [];
  #timer: Timer | undefined;

  constructor(world: World, isWritable: () => boolean) {
    this.#world = world;
    this.#isWritable = isWritable;
  }

  /** Adds a write; `write` must not throw. */
  add(write: () => void): void {
    this.#waiting.push(write);
    this.#arm();
  }

  /** Runs the waiting writes as far as the storage accepts them. */
  flush(): void {
    while (this.#waiting.length > 0 && this.#isWritable()) this.#waiting.shift()?.();
    if (this.#waiting.length > 0) this.#arm();
    else this.#cancel();
  }

  /** Drops the waiting writes. */
  stop(): void {
    this.#waiting = [];
    this.#cancel();
  }

  #arm(): void {
    this.#timer ??= this.#world.setTimer(RETRY_MS, () => {
      this.#timer = undefined;
      this.flush();
    });
  }

  #cancel(): void {
    this.#timer?.cancel();
    this.#timer = undefined;
  }
}
