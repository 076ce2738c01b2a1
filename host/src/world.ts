// Clock, chance and timers: everything the host takes from outside, so that tests can move it by hand.

import { randomBytes } from 'node:crypto';

/** Something that will happen, unless it is cancelled before. */
export interface Timer {
  cancel(): void;
}

/** What a database asks of the machine it runs on. */
export interface World {
  /** The wall clock, in microseconds since the Unix epoch. */
  now(): bigint;
  /** A clock that never goes back, in milliseconds. */
  monotonic(): number;
  /** Calls `fire` once after `delayMs`; a timer does not keep the process alive. */
  setTimer(delayMs: number, fire: () => void): Timer;
  randomBytes(length: number): Uint8Array;
}

/** Node waits at most this long in one timer; a longer delay fires early and its owner waits again. */
const LONGEST_TIMER_MS = 2 ** 31 - 1;

/** How far the two clocks may drift apart before the wall clock is read anew: it jumps, and machines sleep. */
const DRIFT_MS = 2;

let wallAtAnchor = Date.now();
let monotonicAtAnchor = performance.now();

/** The wall clock with the resolution of the monotonic one, in microseconds. */
function nowMicros(): bigint {
  const wall = Date.now();
  const monotonic = performance.now();
  const estimate = wallAtAnchor + (monotonic - monotonicAtAnchor);
  if (Math.abs(estimate - wall) < DRIFT_MS) return BigInt(Math.round(estimate * 1000));
  wallAtAnchor = wall;
  monotonicAtAnchor = monotonic;
  return BigInt(wall) * 1000n;
}

/** The real machine. */
export const systemWorld: World = {
  now: nowMicros,
  monotonic: () => performance.now(),
  setTimer(delayMs, fire) {
    const timer = setTimeout(fire, Math.min(Math.max(0, delayMs), LONGEST_TIMER_MS));
    timer.unref();
    return { cancel: () => clearTimeout(timer) };
  },
  randomBytes: length => new Uint8Array(randomBytes(length)),
};
