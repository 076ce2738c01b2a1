// What others use of the guest room.

import type { GuestHooks } from './activation.ts';
import { Guest } from './guest.ts';

export type { Activation, GuestHooks, HttpReply, LogLine, ReadSet, TransactionControl } from './activation.ts';
export { MODULE_FILE } from './bundle.ts';
export { Guest, textWithTrace, type Ran, type Thrown } from './guest.ts';
export { decodeResponse, encodeRequest } from './http-message.ts';
export { fetchAndWait } from './outgoing-http.ts';

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
