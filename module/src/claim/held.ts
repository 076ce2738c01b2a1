// Grants and ends claims. The end of a claim grants those that waited for it alone, in the same transaction.

import { LIMITS, ROW_BYTES } from '../contract/limits.ts';
import type { ClaimedResource } from '../contract/wire.ts';
import type { ClaimEnd, ClaimState } from '../contract/words.ts';
import { noticeEnvelope } from '../message/envelope.ts';
import { notify } from '../message/offer.ts';
import { toMicros } from '../micros.ts';
import { refuse } from '../refuse.ts';
import type { Ctx } from '../schema.ts';
import { schedule } from '../time/schedule.ts';
import { byteLength } from '../text.ts';
import type { UnitOfWork } from '../unit-of-work.ts';
import { removePlaces } from './places.ts';

/** A stored claim, held or waiting. */
export type Claim = NonNullable<ReturnType<Ctx['db']['claim']['id']['find']>>;

/** Returns true if a claim is held. */
export function isHeld(row: Pick<Claim, 'state'>): boolean {
  return row.state === ('held' satisfies ClaimState);
}

/** Bytes that a claim stores. */
export function bytesOf({ resources, note }: Pick<Claim, 'resources' | 'note'>): number {
  const each = resources.reduce((sum, { key }) => sum + ROW_BYTES.resource + byteLength(key), 0);
  return ROW_BYTES.claim + byteLength(note) + each;
}

/** Returns the resources of a claim for a sentence, at most three. */
export function nameResources({ resources }: Pick<Claim, 'resources'>): string {
  const names = resources.slice(0, 3).map(({ kind, key }) => (kind === 'name' ? `the name "${key}"` : key));
  return resources.length > 3 ? `${names.join(', ')} and ${resources.length - 3} more` : names.join(', ');
}

/** Grants a claim: gives it a number and starts its lease. Notifies an agent whose claim has waited. */
export function grant(unit: UnitOfWork, row: Claim): void {
  const number = unit.nextNumber('claim');
  const until = unit.now + toMicros(row.leaseMs);
  const hasWaited = row.ahead > 0;
  const state: ClaimState = 'held';
  unit.ctx.db.claim.id.update({ ...row, state, number, ahead: 0, grantedAt: unit.now, until });
  schedule(unit, until, 'claim-lease', number, row.id);
  const box = hasWaited ? unit.box(row.agent) : undefined;
  if (!box) return;
  const payload = { claim: row.id, number: Number(number), resources: resourcesOf(row), until: Number(until) };
  notify(unit, box, 'claim', '', noticeEnvelope('claim_granted', row.id, unit.now, payload));
}

/** Ends a claim of the caller, held or waiting. Idempotent: an unknown claim was released before. */
export function releaseClaim(unit: UnitOfWork, { claim }: { readonly claim: string }): void {
  const row = unit.ctx.db.claim.id.find(claim);
  if (!row) return;
  unit.own(row.agent);
  free(unit, row);
}

/** Ends a claim for a reason other than its release, and notifies its agent. */
export function endClaim(unit: UnitOfWork, row: Claim, end: ClaimEnd, reason: string): void {
  free(unit, row);
  const box = unit.box(row.agent);
  if (!box) return;
  const payload = { claim: row.id, number: Number(row.number), resources: resourcesOf(row), end, reason };
  notify(unit, box, 'claim', '', noticeEnvelope('claim_ended', row.id, unit.now, payload));
}

/** Ends a claim for an operator. Returns the details of the audit event. */
export function breakClaim(unit: UnitOfWork, id: string, reason: string) {
  const row = unit.ctx.db.claim.id.find(id);
  if (!row) refuse('claim/unknown', `there is no claim ${id.slice(0, 64)}`);
  endClaim(unit, row, 'broken', reason.slice(0, LIMITS.reasonLength) || 'an operator has broken the claim');
  return { claim: row.id, agent: Number(row.agent), number: Number(row.number) };
}

/** Ends all claims of an agent that is being unregistered. Bound: `claimsPerAgent` claims. */
export function freeAll(unit: UnitOfWork, agent: bigint): void {
  for (const { id } of claimsOf(unit, agent)) {
    // Read again: the end of an earlier one may have granted it.
    const row = unit.ctx.db.claim.id.find(id);
    if (row) free(unit, row);
  }
}

/** Returns the claims of an agent, at most `claimsPerAgent`: waiting ones first, so that none is granted while all end. */
export function claimsOf(unit: UnitOfWork, agent: bigint): Claim[] {
  return [...unit.ctx.db.claim.agent.filter(agent)].sort((a, b) => Number(isHeld(a)) - Number(isHeld(b)));
}

/** Deletes a claim, and grants the claims that waited for it alone, in the order of their requests. Bound: `claimQueue` of them. */
function free(unit: UnitOfWork, row: Claim): void {
  const { db } = unit.ctx;
  db.claim.id.delete(row.id);
  removePlaces(db, row.id, { resources: resourcesOf(row), isShared: row.isShared });
  unit.addBytes(row.agent, -bytesOf(row));
  countDown(unit, row);
  db.claimWait.waiter.delete(row.id);
  const waiting = [...db.claimWait.blocker.filter(row.id)].flatMap(({ waiter }) => db.claim.id.find(waiter) ?? []);
  db.claimWait.blocker.delete(row.id);
  unit.spend(4 * waiting.length + 8 * row.resources.length);
  waiting.sort((a, b) => (a.since < b.since ? -1 : a.since > b.since ? 1 : a.id < b.id ? -1 : 1));
  for (const each of waiting) {
    if (each.ahead > 1) db.claim.id.update({ ...each, ahead: each.ahead - 1 });
    else grant(unit, each);
  }
}

function countDown(unit: UnitOfWork, row: Claim): void {
  const { claimLoad } = unit.ctx.db;
  const load = claimLoad.agent.find(row.agent);
  if (!load) return;
  const resources = load.resources - row.resources.length;
  if (resources > 0) claimLoad.agent.update({ agent: row.agent, resources });
  else claimLoad.agent.delete(row.agent);
}

/** The resources of a stored claim; only checked ones are stored. */
function resourcesOf(row: Claim): ClaimedResource[] {
  return row.resources.map(({ kind, key }) => ({ kind: kind === 'name' ? 'name' : 'path', key }));
}
