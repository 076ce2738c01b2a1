// Public entry `@agora/host/guest`.

import type { GuestHooks } from './activation.ts';
import { Guest } from './guest.ts';

/** Loads a bundle without a database and returns its description of itself, as BSATN. Throws `guest/invalid`. */
export function extractDescription(bundle: string): Uint8Array {
  return Guest.load(bundle, NO_DATABASE).describe();
}

const nothing = (): never => {
  throw new Error('there is no database');
};

const NO_DATABASE: GuestHooks = {
  identity: 0n,
  isTrusted: false,
  log: () => {},
  claimsOf: () => undefined,
  checkSchedule: nothing,
  scheduleImmediate: nothing,
  fetch: nothing,
  monotonic: () => performance.now(),
};
