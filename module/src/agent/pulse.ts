// Heartbeats: an agent that said it lives, and then is silent past its deadline, is stale: as good as away.

import { LIMITS } from '../contract/limits.ts';
import type { Desk } from '../desk.ts';
import { remember } from '../time/due.ts';
import { comeBack, goAway } from './presence.ts';

/** An agent of the caller lives, and says so again within `withinMs` (0: a minute; an hour at most). */
export function beat(desk: Desk, agent: bigint, withinMs: number): void {
  const { pulse, attachment } = desk.ctx.db;
  const box = desk.own(agent);
  const ms = Math.min(withinMs || LIMITS.heartbeatMs, LIMITS.maxLeaseMs);
  const row = { agent, at: desk.now, until: desk.now + BigInt(ms) * 1000n };
  if (pulse.agent.find(agent)) pulse.agent.update(row);
  else {
    pulse.insert(row);
    lookLater(desk, agent, row.until);
  }
  if (box.online) return;
  // Stale until now: its connection is still there.
  for (const _ of attachment.agent.filter(agent)) return comeBack(desk, box);
}

/** Looks whether an agent has said that it lives; one look is under way for each that has. */
export function checkPulse(desk: Desk, agent: bigint): void {
  const { pulse } = desk.ctx.db;
  const row = pulse.agent.find(agent);
  const box = desk.box(agent);
  if (row && box?.online && row.until > desk.now) return lookLater(desk, agent, row.until);
  pulse.agent.delete(agent);
  if (row && box?.online) goAway(desk, box, 'stale');
}

/** Once a minute at least, since the next heartbeat may be due sooner than the last one said. */
function lookLater(desk: Desk, agent: bigint, until: bigint): void {
  const next = desk.now + BigInt(LIMITS.heartbeatMs) * 1000n;
  remember(desk, until < next ? until : next, 'pulse', agent);
}
