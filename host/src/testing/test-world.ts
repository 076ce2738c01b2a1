// A clock, timers and random bytes for tests; time does not pass unless the test moves it.

import { createHash } from 'node:crypto';
import type { Timer, World } from '../world.ts';

interface Waiting {
  readonly at: bigint;
  readonly fire: () => void;
}

/** Timers that may fire at one instant; more are a loop. */
const MAX_FIRED = 100_000;

/** A manual clock; timers fire while it moves. */
export class TestWorld implements World {
  #micros: bigint;
  readonly #startedAt: bigint;
  readonly #timers = new Set<Waiting>();
  #drawn = 0;

  constructor(startMicros = 1_700_000_000_000_000n) {
    this.#micros = startMicros;
    this.#startedAt = startMicros;
  }

  now(): bigint {
    return this.#micros;
  }
  monotonic(): number {
    return Number(this.#micros - this.#startedAt) / 1000;
  }
  setTimer(delayMs: number, fire: () => void): Timer {
    const timer: Waiting = { at: this.#micros + BigInt(Math.max(0, Math.round(delayMs * 1000))), fire };
    this.#timers.add(timer);
    return { cancel: () => this.#timers.delete(timer) };
  }
  /** The same bytes in the same order in every run. */
  randomBytes(length: number): Uint8Array {
    const bytes = new Uint8Array(length);
    for (let at = 0; at < length; at += 32) {
      const some = createHash('sha256').update(String(this.#drawn++)).digest();
      bytes.set(some.subarray(0, length - at), at);
    }
    return bytes;
  }

  /** Number of pending timers. */
  get timerCount(): number {
    return this.#timers.size;
  }

  /** Moves the clock, and fires the timers that become due, in order. */
  advance(ms: number): void {
    const end = this.#micros + BigInt(Math.round(ms * 1000));
    for (let fired = 0; ; fired++) {
      if (fired > MAX_FIRED) throw new Error('timers keep firing at the same instant');
      const [next] = [...this.#timers].filter(({ at }) => at <= end).sort((a, b) => (a.at < b.at ? -1 : 1));
      if (!next) break;
      this.#timers.delete(next);
      if (next.at > this.#micros) {
        this.#micros = next.at;
        fired = 0;
      }
      next.fire();
    }
    this.#micros = end;
  }

  /** Moves the clock in one step, as if the process had slept; due timers fire late. */
  sleep(ms: number): void {
    this.#micros += BigInt(Math.round(ms * 1000));
    this.advance(0);
  }
}
