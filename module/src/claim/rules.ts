// Checks of the fields of a claim. Each refuses.

import { LIMITS } from '../contract/limits.ts';
import { parsePathPattern } from '../contract/path-pattern.ts';
import type { ClaimedResource } from '../contract/wire.ts';
import { RESOURCE_KINDS, UUID_V7 } from '../contract/words.ts';
import { refuse } from '../refuse.ts';

/** Fields of the act `Claim`. */
export interface ClaimFields {
  readonly id: string;
  readonly agent: bigint;
  readonly resources: readonly { readonly kind: string; readonly key: string }[];
  readonly shared: boolean;
  /** 0: the default. */
  readonly leaseMs: number;
  /** 0: refused on a conflict. */
  readonly waitMs: number;
  readonly note: string;
}

/** Refuses fields that break a rule. Returns the resources, each once. */
export function checkClaim(act: ClaimFields): ClaimedResource[] {
  if (!UUID_V7.test(act.id)) refuse('claim/bad-id', `"${act.id.slice(0, 64)}" is not a UUIDv7 in lower case`);
  if (act.leaseMs !== 0) checkLease(act.leaseMs);
  if (act.waitMs > LIMITS.claimWaitMs) refuse('claim/bad-time', `a claim waits at most ${LIMITS.claimWaitMs} ms`);
  return checkResources(act.resources);
}

/** Refuses no resources, too many, or one in another form. Returns them, each once. */
export function checkResources(given: ClaimFields['resources']): ClaimedResource[] {
  if (given.length === 0 || given.length > LIMITS.claimResources)
    refuse('claim/bad-resource', `a claim names 1 to ${LIMITS.claimResources} resources, not ${given.length}`);
  const resources = new Map<string, ClaimedResource>();
  for (const { kind, key } of given) {
    const known = RESOURCE_KINDS.find(each => each === kind);
    if (!known)
      refuse('claim/bad-resource', `a resource is a ${RESOURCE_KINDS.join(' or ')}, not "${kind.slice(0, 32)}"`);
    const isFine = known === 'path' ? parsePathPattern(key) !== undefined : isName(key);
    if (!isFine) refuse('claim/bad-resource', sentenceOf(known, key));
    resources.set(`${kind}:${key}`, { kind: known, key });
  }
  return [...resources.values()];
}

/** Refuses a lease that is too short or too long. */
export function checkLease(ms: number): void {
  if (ms < LIMITS.minClaimLeaseMs || ms > LIMITS.maxLeaseMs)
    refuse('claim/bad-time', `the lease of a claim is ${LIMITS.minClaimLeaseMs} to ${LIMITS.maxLeaseMs} ms, not ${ms}`);
}

function isName(key: string): boolean {
  return key !== '' && key.length <= LIMITS.claimKeyLength && !/[\u0000-\u001f]/.test(key);
}

function sentenceOf(kind: ClaimedResource['kind'], key: string): string {
  const rule =
    kind === 'path'
      ? `use a relative path like src/a.ts or src/**, without . and .., of at most ${LIMITS.claimSegments} segments`
      : 'use a name without control characters';
  return `"${key.slice(0, 64)}" is not a ${kind}; ${rule} and ${LIMITS.claimKeyLength} characters`;
}
