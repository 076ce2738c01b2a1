// The clock of a hub under test: it goes on as the machine's does, unless it stands still, and is moved ahead by hand.

import { systemWorld, type Timer, type World } from '@agora/host';

interface Waiting {
  /** In milliseconds of this clock's own monotonic time. */
  readonly at: number;
  readonly fire: () => void;
  /** Of the machine; none while the clock stands still. */
  timer: Timer | undefined;
}

/** Timers that set each other anew at the same instant would never end. */
const MOST_FIRED = 100_000;

/** A world whose time can be moved ahead; what is due on the way happens at once, each thing at its time. */
export class HubClock implements World {
  readonly #isStill: boolean;
  readonly #startedAt = systemWorld.monotonic();
  readonly #startMicros: bigint;
  readonly #waiting = new Set<Waiting>();
  #movedMs = 0;

  constructor(options: { readonly isStill: boolean; readonly startAt: Date | undefined }) {
    this.#isStill = options.isStill;
    this.#startMicros = options.startAt ? BigInt(options.startAt.getTime()) * 1000n : systemWorld.now();
  }

  now(): bigint {
    return this.#startMicros + BigInt(Math.round(this.monotonic() * 1000));
  }

  monotonic(): number {
    return this.#movedMs + (this.#isStill ? 0 : systemWorld.monotonic() - this.#startedAt);
  }

  setTimer(delayMs: number, fire: () => void): Timer {
    const waiting: Waiting = { at: this.monotonic() + Math.max(0, delayMs), fire, timer: undefined };
    this.#waiting.add(waiting);
    this.#arm(waiting);
    return { cancel: () => this.#drop(waiting) };
  }

  randomBytes(length: number): Uint8Array {
    return systemWorld.randomBytes(length);
  }

  /** Moves the clock ahead. */
  advance(ms: number): void {
    if (!(ms >= 0)) throw new RangeError(`a clock is moved ahead by 0 milliseconds or more, not by ${ms}`);
    const end = this.monotonic() + ms;
    for (let fired = 0; ; fired++) {
      if (fired > MOST_FIRED) throw new Error('timers go on firing at the same instant');
      let next: Waiting | undefined;
      for (const each of this.#waiting) if (each.at <= end && (!next || each.at < next.at)) next = each;
      if (!next) break;
      this.#moveTo(next.at);
      this.#drop(next);
      next.fire();
    }
    this.#moveTo(end);
    for (const each of this.#waiting) this.#arm(each);
  }

  #moveTo(at: number): void {
    this.#movedMs += Math.max(0, at - this.monotonic());
  }

  /** Waits for it by the machine's clock, as long as it takes from now on. */
  #arm(waiting: Waiting): void {
    waiting.timer?.cancel();
    // What is due now is not put off by a clock that stands.
    const delayMs = Math.max(0, waiting.at - this.monotonic());
    if (this.#isStill && delayMs > 0) return;
    waiting.timer = systemWorld.setTimer(delayMs, () => {
      this.#waiting.delete(waiting);
      waiting.fire();
    });
  }

  #drop(waiting: Waiting): void {
    this.#waiting.delete(waiting);
    waiting.timer?.cancel();
  }
}
