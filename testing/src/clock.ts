// Clock of a hub under test: runs like the machine's clock or is frozen, and can be moved ahead.

import { systemWorld, type Timer, type World } from '@agora/host';

interface PendingTimer {
  /** In milliseconds of this clock's monotonic time. */
  readonly at: number;
  readonly fire: () => void;
  /** The timer of the machine; undefined while the clock is frozen. */
  timer: Timer | undefined;
}

/** Bound for timers that set each other again at the same instant. */
const MAX_FIRED = 100_000;

/** A `World` whose time can be moved ahead. Timers that become due fire synchronously, each at its time. */
export class HubClock implements World {
  readonly #isFrozen: boolean;
  readonly #startedAt = systemWorld.monotonic();
  readonly #startMicros: bigint;
  readonly #pending = new Set<PendingTimer>();
  #movedMs = 0;

  constructor(options: { readonly isStill: boolean; readonly startAt: Date | undefined }) {
    this.#isFrozen = options.isStill;
    this.#startMicros = options.startAt ? BigInt(options.startAt.getTime()) * 1000n : systemWorld.now();
  }

  now(): bigint {
    return this.#startMicros + BigInt(Math.round(this.monotonic() * 1000));
  }

  monotonic(): number {
    return this.#movedMs + (this.#isFrozen ? 0 : systemWorld.monotonic() - this.#startedAt);
  }

  setTimer(delayMs: number, fire: () => void): Timer {
    const pending: PendingTimer = { at: this.monotonic() + Math.max(0, delayMs), fire, timer: undefined };
    this.#pending.add(pending);
    this.#arm(pending);
    return { cancel: () => this.#drop(pending) };
  }

  randomBytes(length: number): Uint8Array {
    return systemWorld.randomBytes(length);
  }

  /** Moves the clock ahead and fires all timers that become due. */
  advance(ms: number): void {
    if (!(ms >= 0)) throw new RangeError(`a clock is moved ahead by 0 ms or more, not by ${ms}`);
    const end = this.monotonic() + ms;
    for (let fired = 0; ; fired++) {
      if (fired > MAX_FIRED) throw new Error('timers keep firing at the same instant');
      let next: PendingTimer | undefined;
      for (const each of this.#pending) if (each.at <= end && (!next || each.at < next.at)) next = each;
      if (!next) break;
      this.#moveTo(next.at);
      this.#drop(next);
      next.fire();
    }
    this.#moveTo(end);
    for (const each of this.#pending) this.#arm(each);
  }

  #moveTo(at: number): void {
    this.#movedMs += Math.max(0, at - this.monotonic());
  }

  /** Starts a timer of the machine for the remaining time. */
  #arm(pending: PendingTimer): void {
    pending.timer?.cancel();
    // A frozen clock still fires timers that are due now.
    const delayMs = Math.max(0, pending.at - this.monotonic());
    if (this.#isFrozen && delayMs > 0) return;
    pending.timer = systemWorld.setTimer(delayMs, () => {
      this.#pending.delete(pending);
      pending.fire();
    });
  }

  #drop(pending: PendingTimer): void {
    this.#pending.delete(pending);
    pending.timer?.cancel();
  }
}
