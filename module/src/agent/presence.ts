// Presence: an agent is online while a connection is attached to it.

import type { ConnectionId } from 'spacetimedb';
import { endClaimsAfterGrace } from '../claim/timers.ts';
import { LIMITS } from '../contract/limits.ts';
import type { Presence } from '../contract/words.ts';
import { appendSystemEvent } from '../event/append.ts';
import type { Mailbox } from '../mailbox.ts';
import { fillCredit } from '../message/deliver.ts';
import { scheduleSweep } from '../message/offer.ts';
import { syncReady } from '../message/queue.ts';
import { toMicros } from '../micros.ts';
import type { UnitOfWork } from '../unit-of-work.ts';

/** Attaches an agent to a connection, and offers it waiting deliveries. Idempotent. */
export function attach(unit: UnitOfWork, agent: bigint, connection: ConnectionId): void {
  const { db } = unit.ctx;
  const box = unit.own(agent);
  // The agents of one connection: at most `agentsPerIdentity`.
  for (const row of db.attachment.connection.filter(connection)) if (row.agent === agent) return;
  db.attachment.insert({ id: 0n, connection, agent });
  if (box.online) fillCredit(unit, box);
  else goOnline(unit, box);
}

/** Sets an agent online, and offers it waiting deliveries. */
export function goOnline(unit: UnitOfWork, box: Mailbox): void {
  box.online = true;
  box.offlineSince = 0n;
  unit.markBoxChanged(box);
  writePresence(unit, box.agent, 'online');
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
    goOfflineIfDetached(unit, row.agent);
  }
}

/** Detaches an agent from all its connections. */
export function detachAgent(unit: UnitOfWork, agent: bigint): void {
  unit.ctx.db.attachment.agent.delete(agent);
  goOfflineIfDetached(unit, agent);
}

function goOfflineIfDetached(unit: UnitOfWork, agent: bigint): void {
  // The connections of one agent: a few rows.
  for (const _ of unit.ctx.db.attachment.agent.filter(agent)) return;
  const box = unit.box(agent);
  if (!box) return;
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

/** Writes the presence into the public row; publishes an event unless it is `online`. */
function writePresence(unit: UnitOfWork, agent: bigint, presence: Presence): void {
  const row = unit.ctx.db.agent.id.find(agent);
  if (!row || row.presence === presence) return;
  unit.ctx.db.agent.id.update({ ...row, presence });
  if (presence !== 'online') {
    appendSystemEvent(unit, 'agent_offline', { agent_name: row.name, agent_id: Number(agent), presence });
  }
}
