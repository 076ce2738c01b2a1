// Time of the workflow model: timers in slots, and the agents that are no longer registered.

/** Microseconds of a slot: the module runs all timers of a slot together when the slot is over. */
export const SLOT_MICROS = 250_000n;

interface ModelTimer {
  readonly kind: string;
  readonly slot: bigint;
  readonly fire: () => void;
}

/** State that all workflows of a model share. */
export class ModelClock {
  now: bigint;
  readonly unregistered = new Set<string>();
  #timers: ModelTimer[] = [];
  #tokens = 0;

  constructor(now: bigint) {
    this.now = now;
  }

  /** Returns a new number for an assignment or a question; a timer of an earlier one is ignored. */
  nextToken(): number {
    return ++this.#tokens;
  }

  schedule(kind: string, ms: number, fire: () => void): void {
    const slot = (this.now + BigInt(ms) * 1000n) / SLOT_MICROS + 1n;
    this.#timers.push({ kind, slot, fire });
  }

  /** Fires the next timer of a slot; returns false if that timer is of another kind. */
  fire(slot: bigint, kind: string): boolean {
    const timer = this.#timers.find(each => each.slot === slot);
    if (timer?.kind !== kind) return false;
    this.#timers = this.#timers.filter(each => each !== timer);
    timer.fire();
    return true;
  }
}
