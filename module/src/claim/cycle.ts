// Deadlocks: a wait that would close a cycle of agents that wait for each other is refused. Only a new wait can close one.

import { refuse } from '../refuse.ts';
import type { Mailbox } from '../mailbox.ts';
import type { UnitOfWork } from '../unit-of-work.ts';
import { type Claim, claimsOf, isHeld, nameResources } from './held.ts';

/** Rows that one search reads; a wait behind more is refused. */
const MAX_ROWS = 16_384;

type Blocker = Pick<Claim, 'agent' | 'name' | 'resources'>;

/** A claim in the way of an agent, and how the search came there. */
interface Wait {
  readonly blocker: Blocker;
  readonly waiter: string;
  readonly before: Wait | undefined;
}

/** Returns the sentence about the cycle that the wait of `box` for `blockers` would close, or undefined. */
export function cycleOf(unit: UnitOfWork, box: Mailbox, blockers: readonly Blocker[]): string | undefined {
  const { db } = unit.ctx;
  const seen = new Set<bigint>();
  const open: Wait[] = blockers.map(blocker => ({ blocker, waiter: box.name, before: undefined }));
  let rows = 0;
  for (let wait = open.pop(); wait; wait = open.pop()) {
    const { blocker } = wait;
    if (blocker.agent === box.agent) return sentenceOf(wait);
    if (seen.has(blocker.agent)) continue;
    seen.add(blocker.agent);
    for (const claim of claimsOf(unit, blocker.agent)) {
      rows++;
      if (isHeld(claim)) continue;
      // At most `claimQueue` rows.
      for (const edge of db.claimWait.waiter.filter(claim.id)) {
        rows++;
        const next = db.claim.id.find(edge.blocker);
        if (next && !seen.has(next.agent)) open.push({ blocker: next, waiter: blocker.name, before: wait });
      }
    }
    if (rows > MAX_ROWS) refuse('claim/queue-full', 'too many claims wait for each other; try again later');
  }
  return undefined;
}

function sentenceOf(last: Wait): string {
  const waits: string[] = [];
  for (let wait: Wait | undefined = last; wait; wait = wait.before)
    waits.unshift(`"${wait.waiter}" waits for "${wait.blocker.name}" (${nameResources(wait.blocker)})`);
  return waits.join(', ');
}
