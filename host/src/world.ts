// Clock, random bytes and timers: the inputs of the host that tests control.

import { randomBytes } from 'node:crypto';

/** A pending timer. */
export interface Timer {
  cancel(): void;
}

/** Clock, timers and random source of a host. */
export interface World {
  /** The wall clock, in microseconds since the Unix epoch. */
  now(): bigint;
  /** A monotonic clock, in milliseconds. */
  monotonic(): number;
  /** Calls `fire` once after `delayMs`; a timer does not keep the process alive. */
  setTimer(delayMs: number, fire: () => void): Timer;
  randomBytes(length: number): Uint8Array;
}

/** Maximum delay of a Node timer; a longer one fires early, and its owner waits again. */
const MAX_TIMER_MS = 2 ** 31 - 1;

/** Beyond this drift between the clocks the wall clock is read again: it can jump, and machines sleep. */
const MAX_DRIFT_MS = 2;

let wallAtAnchor = Date.now();
let monotonicAtAnchor = performance.now();

/** The wall clock in microseconds, with the resolution of the monotonic clock. */
function nowMicros(): bigint {
  const wall = Date.now();
  const monotonic = performance.now();
  const estimate = wallAtAnchor + (monotonic - monotonicAtAnchor);
  if (Math.abs(estimate - wall) < MAX_DRIFT_MS) return BigInt(Math.round(estimate * 1000));
  wallAtAnchor = wall;
  monotonicAtAnchor = monotonic;
  return BigInt(wall) * 1000n;
}

/** The clock, timers and random source of this machine. */
export const systemWorld: World = {
  now: nowMicros,
  monotonic: () => performance.now(),
  setTimer(delayMs, fire) {
    const timer = setTimeout(fire, Math.min(Math.max(0, delayMs), MAX_TIMER_MS));
    timer.unref();
    return { cancel: () => clearTimeout(timer) };
  },
  randomBytes: length => new Uint8Array(randomBytes(length)),
};
