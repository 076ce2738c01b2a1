// Heartbeats: an agent that has sent one and misses the deadline of the next is stale, and treated as offline.

import { LIMITS } from '../contract/limits.ts';
import { toMicros } from '../micros.ts';
import { returnPeriodEnd } from '../time/absence.ts';
import { schedule } from '../time/schedule.ts';
import type { UnitOfWork } from '../unit-of-work.ts';
import { goOffline, goOnline } from './presence.ts';

/** Records a heartbeat of an agent of the caller. The next is due within `withinMs` (0: a minute; at most an hour). */
export function beat(unit: UnitOfWork, agent: bigint, withinMs: number): void {
  const { pulse, attachment } = unit.ctx.db;
  const box = unit.own(agent);
  const ms = Math.min(withinMs || LIMITS.heartbeatMs, LIMITS.maxLeaseMs);
  const row = { agent, at: unit.now, until: unit.now + toMicros(ms) };
  if (pulse.agent.find(agent)) pulse.agent.update(row);
  else {
    pulse.insert(row);
    scheduleCheck(unit, agent, row.until);
  }
  if (box.online) return;
  // A stale agent whose connection is still attached is online again.
  for (const _ of attachment.agent.filter(agent)) return goOnline(unit, box);
}

/** Timer: sets an agent stale if its heartbeat is overdue. One such timer runs for each agent with heartbeats. */
export function checkPulse(unit: UnitOfWork, agent: bigint): void {
  const { pulse } = unit.ctx.db;
  const row = pulse.agent.find(agent);
  const box = unit.box(agent);
  const until = row && row.until > unit.now ? row.until : returnPeriodEnd(unit);
  if (row && box?.online && until > unit.now) return scheduleCheck(unit, agent, until);
  pulse.agent.delete(agent);
  if (row && box?.online) goOffline(unit, box, 'stale');
}

/** Schedules the next check within a minute, since the next heartbeat may have an earlier deadline. */
function scheduleCheck(unit: UnitOfWork, agent: bigint, until: bigint): void {
  const next = unit.now + toMicros(LIMITS.heartbeatMs);
  schedule(unit, until < next ? until : next, 'pulse', agent);
}
