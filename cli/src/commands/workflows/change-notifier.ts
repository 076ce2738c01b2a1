// A flag that a loop waits for: changes between two waits are merged into one.

/** Wakes the one waiter at the next change. */
export class ChangeNotifier {
  #hasChanged = false;
  #wake: (() => void) | undefined;

  /** Reports a change. */
  notify(): void {
    this.#hasChanged = true;
    this.#wake?.();
  }

  /** Waits until a change has been reported since the last wait, but not longer than this time. */
  async wait(withinMs: number): Promise<void> {
    if (!this.#hasChanged) {
      await new Promise<void>(resolve => {
        const timer = setTimeout(resolve, withinMs);
        this.#wake = () => {
          clearTimeout(timer);
          resolve();
        };
      });
    }
    this.#hasChanged = false;
    this.#wake = undefined;
  }
}
