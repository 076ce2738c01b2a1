// Presence: an agent is online while a connection is attached to it.

import type { ConnectionId } from 'spacetimedb';
import { endClaimsAfterGrace } from '../claim/timers.ts';
import { LIMITS } from '../contract/limits.ts';
import type { Presence } from '../contract/words.ts';
import { appendSystemEvent } from '../event/append.ts';
import type { Mailbox } from '../mailbox.ts';
import { fillCredit } from '../message/deliver.ts';
import type { Attempt } from '../message/held.ts';
import { scheduleSweep } from '../message/offer.ts';
import { beginProcess, keepHeld } from '../message/process.ts';
import { syncReady } from '../message/queue.ts';
import { toMicros } from '../micros.ts';
import { isWithinShare } from '../quota/charge.ts';
import type { UnitOfWork } from '../unit-of-work.ts';

/** More than an agent can hold. */
const MAX_HELD = LIMITS.maxCredit + LIMITS.criticalCredit;

/** What a process reports when it attaches its agent. */
export interface ProcessState {
  /** False if it was attached before, and only its connection was lost. */
  readonly isNew: boolean;
  /** The deliveries that it holds, of before the loss. */
  readonly holds: readonly Attempt[];
  /** How many deliveries it handles at a time; 0 if it does not know. */
  readonly concurrency: number;
}

/** Attaches an agent to a connection, and offers it waiting deliveries. Idempotent. */
export function attach(unit: UnitOfWork, agent: bigint, connection: ConnectionId, process?: ProcessState): void {
  const { db } = unit.ctx;
  const box = unit.own(agent);
  // The agents of one connection: at most `agentsPerIdentity`.
  for (const row of db.attachment.connection.filter(connection)) if (row.agent === agent) return;
  db.attachment.insert({ id: 0n, connection, agent });
  if (process?.isNew && !box.online) beginProcess(unit, box);
  if (process && process.concurrency > 0) box.concurrency = process.concurrency;
  const holds = process?.isNew === false ? process.holds.slice(0, MAX_HELD) : [];
  if (!box.online) return goOnline(unit, box, holds);
  keepHeld(unit, box, holds);
  fillCredit(unit, box);
}

/** Records how many deliveries the process of an agent handles at a time. */
export function declareConcurrency(unit: UnitOfWork, agent: bigint, concurrency: number): void {
  const box = unit.own(agent);
  if (box.concurrency === concurrency) return;
  box.concurrency = concurrency;
  unit.markBoxChanged(box);
}

/** Sets an agent online, and offers it waiting deliveries after those that its process still holds. */
export function goOnline(unit: UnitOfWork, box: Mailbox, holds: readonly Attempt[] = []): void {
  box.online = true;
  box.offlineSince = 0n;
  box.isCut = false;
  unit.markBoxChanged(box);
  writePresence(unit, box.agent, 'online');
  keepHeld(unit, box, holds);
  fillCredit(unit, box);
}

/** Detaches an agent from a connection. Without a connection it is offline. */
export function detach(unit: UnitOfWork, agent: bigint, connection: ConnectionId): void {
  const { db } = unit.ctx;
  for (const row of [...db.attachment.connection.filter(connection)]) {
    if (row.agent === agent) db.attachment.id.delete(row.id);
  }
  goOfflineIfDetached(unit, agent);
}

/** Detaches all agents of a connection that has ended. */
export function detachConnection(unit: UnitOfWork, connection: ConnectionId): void {
  const { db } = unit.ctx;
  for (const row of [...db.attachment.connection.filter(connection)]) {
    db.attachment.id.delete(row.id);
    goOfflineIfDetached(unit, row.agent, true);
  }
}

/** Detaches an agent from all its connections. */
export function detachAgent(unit: UnitOfWork, agent: bigint): void {
  unit.ctx.db.attachment.agent.delete(agent);
  goOfflineIfDetached(unit, agent);
}

function goOfflineIfDetached(unit: UnitOfWork, agent: bigint, isCut = false): void {
  // The connections of one agent: a few rows.
  for (const _ of unit.ctx.db.attachment.agent.filter(agent)) return;
  const box = unit.box(agent);
  if (!box) return;
  box.isCut = isCut;
  unit.markBoxChanged(box);
  // A stale agent becomes offline; its deliveries went back when it became stale.
  if (box.online) goOffline(unit, box, 'offline');
  else writePresence(unit, agent, 'offline');
}

/** Sets an agent offline or stale: it is offered nothing, and its deliveries go back after the grace period. */
export function goOffline(unit: UnitOfWork, box: Mailbox, presence: Exclude<Presence, 'online'>): void {
  box.online = false;
  box.offlineSince = unit.now;
  unit.markBoxChanged(box);
  writePresence(unit, box.agent, presence);
  syncReady(unit, box);
  scheduleSweep(unit, box, unit.now + toMicros(LIMITS.graceMs));
  endClaimsAfterGrace(unit, box);
}

/** Writes the presence into the public row; publishes an event unless it is `online`, or the agent has used up its share. */
function writePresence(unit: UnitOfWork, agent: bigint, presence: Presence): void {
  const row = unit.ctx.db.agent.id.find(agent);
  if (!row || row.presence === presence) return;
  unit.ctx.db.agent.id.update({ ...row, presence });
  // Attaching and detaching is free, so that its events end with the share of the agent.
  if (presence !== 'online' && isWithinShare(unit, agent)) {
    appendSystemEvent(unit, agent, 'agent_offline', { agent_name: row.name, agent_id: Number(agent), presence });
  }
}
