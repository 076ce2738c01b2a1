// Fences: acts that name a held claim, and are refused with `claim/outdated` once it has ended.

import type { FencingClaim } from '@agora/module/contract';
import { AgoraError } from '../base/errors.ts';
import { isObject } from '../base/is-object.ts';
import type { Act } from './acts.ts';

/** An option of calls that name a claim. */
export interface FenceOption {
  /** A held claim, such as a lock, also one of another process of this agent: the call is refused with `claim/outdated` once it has ended. */
  readonly claim?: FencingClaim | undefined;
}

/** Returns the act that fences the next `acts` acts of its call. Throws `client/bad-option`. */
export function fenceOf(claim: FencingClaim, acts = 1): Act {
  // Plain JavaScript may pass anything.
  const { id, number }: { readonly id?: unknown; readonly number?: unknown } = isObject(claim) ? claim : {};
  if (typeof id !== 'string' || !Number.isSafeInteger(number) || Number(number) < 1)
    throw new AgoraError('client/bad-option', 'claim is a lock, or the id and the number of a held claim');
  return { tag: 'Fence', value: { claim: id, number: BigInt(Number(number)), acts } };
}
