// Heartbeats: an agent that said it lives, and then is silent past its deadline, is stale: as good as away.

import { LIMITS } from '../contract/limits.ts';
import { schedule } from '../time/schedule.ts';
import type { UnitOfWork } from '../unit-of-work.ts';
import { comeBack, goAway } from './presence.ts';

/** An agent of the caller lives, and says so again within `withinMs` (0: a minute; an hour at most). */
export function beat(unit: UnitOfWork, agent: bigint, withinMs: number): void {
  const { pulse, attachment } = unit.ctx.db;
  const box = unit.own(agent);
  const ms = Math.min(withinMs || LIMITS.heartbeatMs, LIMITS.maxLeaseMs);
  const row = { agent, at: unit.now, until: unit.now + BigInt(ms) * 1000n };
  if (pulse.agent.find(agent)) pulse.agent.update(row);
  else {
    pulse.insert(row);
    lookLater(unit, agent, row.until);
  }
  if (box.online) return;
  // Stale until now: its connection is still there.
  for (const _ of attachment.agent.filter(agent)) return comeBack(unit, box);
}

/** Looks whether an agent has said that it lives; one look is under way for each that has. */
export function checkPulse(unit: UnitOfWork, agent: bigint): void {
  const { pulse } = unit.ctx.db;
  const row = pulse.agent.find(agent);
  const box = unit.box(agent);
  if (row && box?.online && row.until > unit.now) return lookLater(unit, agent, row.until);
  pulse.agent.delete(agent);
  if (row && box?.online) goAway(unit, box, 'stale');
}

/** Once a minute at least, since the next heartbeat may be due sooner than the last one said. */
function lookLater(unit: UnitOfWork, agent: bigint, until: bigint): void {
  const next = unit.now + BigInt(LIMITS.heartbeatMs) * 1000n;
  schedule(unit, until < next ? until : next, 'pulse', agent);
}
