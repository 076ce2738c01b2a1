// Claims as clients see them.

import type { DbConnection } from '@agora/bindings';
import type { ClaimedResource, ClaimState } from '@agora/module/contract';
import { checkKeys, type Keys } from '../base/known-keys.ts';
import { dateOf, dateOrNone } from '../base/micros.ts';
import { isCommon, resourcesOf, type ClaimTarget } from './resources.ts';

/** A row of the public table of claims. */
export type ClaimRow = Parameters<Parameters<DbConnection['db']['claim']['onInsert']>[0]>[1];

/** A claim of any agent. */
export interface ClaimInfo {
  readonly id: string;
  /** Name of the agent that holds it or waits. */
  readonly agent: string;
  readonly resources: readonly ClaimedResource[];
  readonly shared: boolean;
  readonly note: string;
  readonly state: ClaimState;
  /** The fencing number; 0 while it waits. */
  readonly number: number;
  /** Number of claims that it waits for. */
  readonly ahead: number;
  readonly since: Date;
  readonly grantedAt: Date | undefined;
  /** End of the lease, or of the wait. */
  readonly until: Date;
}

/** Filters of claims; a claim must match all that are set. */
export interface ClaimFilter {
  /** Name of the agent. */
  readonly agent?: string | undefined;
  readonly state?: ClaimState | undefined;
  /** Claims on a resource that can be one of these. */
  readonly on?: ClaimTarget | readonly ClaimTarget[] | undefined;
}

const FILTERS: Keys<ClaimFilter> = { agent: true, state: true, on: true };

/** Returns a test for rows. Throws `client/bad-option`. */
export function matcherOf(filter: ClaimFilter): (row: ClaimRow) => boolean {
  checkKeys('the filters of claims', filter, FILTERS);
  const { agent, state, on } = filter;
  const wanted = on === undefined ? undefined : resourcesOf(on);
  return row =>
    (agent === undefined || row.name === agent) &&
    (state === undefined || row.state === state) &&
    (wanted === undefined || wanted.some(each => claimedOf(row).some(other => isCommon(each, other))));
}

/** Returns a row as programs see it. */
export function claimInfo(row: ClaimRow): ClaimInfo {
  return {
    id: row.id,
    agent: row.name,
    resources: claimedOf(row),
    shared: row.isShared,
    note: row.note,
    state: row.state === 'held' ? 'held' : 'waiting',
    number: Number(row.number),
    ahead: row.ahead,
    since: dateOf(row.since),
    grantedAt: dateOrNone(row.grantedAt),
    until: dateOf(row.until),
  };
}

/** Sorts held claims before waiting ones, and older ones before newer ones. */
export function inOrder(a: ClaimRow, b: ClaimRow): number {
  return Number(b.state === 'held') - Number(a.state === 'held') || Number(a.since - b.since) || (a.id < b.id ? -1 : 1);
}

function claimedOf(row: ClaimRow): ClaimedResource[] {
  return row.resources.map(({ kind, key }) => ({ kind: kind === 'name' ? 'name' : 'path', key }));
}
