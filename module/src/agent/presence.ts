// Who is there: an agent is online while a connection is attached to it.

import type { ConnectionId } from 'spacetimedb';
import { LIMITS } from '../contract/limits.ts';
import type { Presence } from '../contract/words.ts';
import { appendSystemEvent } from '../event/append.ts';
import { fill } from '../message/deliver.ts';
import { sweepLater } from '../message/offer.ts';
import { standReady } from '../message/queue.ts';
import type { Mailbox, UnitOfWork } from '../unit-of-work.ts';

/** Binds an agent to a connection and offers it what waits. Saying it again does nothing. */
export function attach(unit: UnitOfWork, agent: bigint, connection: ConnectionId): void {
  const { db } = unit.ctx;
  const box = unit.own(agent);
  // The agents of one connection: at most `agentsPerIdentity`.
  for (const row of db.attachment.connection.filter(connection)) if (row.agent === agent) return;
  db.attachment.insert({ id: 0n, connection, agent });
  if (box.online) fill(unit, box);
  else comeBack(unit, box);
}

/** An agent is there (again), and is offered what waits. */
export function comeBack(unit: UnitOfWork, box: Mailbox): void {
  box.online = true;
  box.offlineSince = 0n;
  unit.changed(box);
  show(unit, box.agent, 'online');
  fill(unit, box);
}

/** Lets go of an agent; after its last connection it is offline, and after the grace period its deliveries go back. */
export function detach(unit: UnitOfWork, agent: bigint, connection: ConnectionId): void {
  const { db } = unit.ctx;
  for (const row of [...db.attachment.connection.filter(connection)]) {
    if (row.agent === agent) db.attachment.id.delete(row.id);
  }
  goOfflineIfAlone(unit, agent);
}

/** A connection is gone: all that was attached to it is let go. */
export function detachAll(unit: UnitOfWork, connection: ConnectionId): void {
  const { db } = unit.ctx;
  for (const row of [...db.attachment.connection.filter(connection)]) {
    db.attachment.id.delete(row.id);
    goOfflineIfAlone(unit, row.agent);
  }
}

/** Lets go of an agent at all its connections. */
export function detachEverywhere(unit: UnitOfWork, agent: bigint): void {
  unit.ctx.db.attachment.agent.delete(agent);
  goOfflineIfAlone(unit, agent);
}

function goOfflineIfAlone(unit: UnitOfWork, agent: bigint): void {
  // The connections of one agent: a handful.
  for (const _ of unit.ctx.db.attachment.agent.filter(agent)) return;
  const box = unit.box(agent);
  if (!box) return;
  // A stale one is offline now, too, and what it held went back before.
  if (box.online) goAway(unit, box, 'offline');
  else show(unit, agent, 'offline');
}

/** An agent is not there any more: nothing is offered to it, and after the grace period its deliveries go back. */
export function goAway(unit: UnitOfWork, box: Mailbox, presence: Exclude<Presence, 'online'>): void {
  box.online = false;
  box.offlineSince = unit.now;
  unit.changed(box);
  show(unit, box.agent, presence);
  standReady(unit, box);
  sweepLater(unit, box, unit.now + BigInt(LIMITS.graceMs) * 1000n);
}

/** Shows presence in the public row. */
function show(unit: UnitOfWork, agent: bigint, presence: Presence): void {
  const row = unit.ctx.db.agent.id.find(agent);
  if (!row || row.presence === presence) return;
  unit.ctx.db.agent.id.update({ ...row, presence });
  if (presence !== 'online') {
    appendSystemEvent(unit, 'agent_offline', { agent_name: row.name, agent_id: Number(agent), presence });
  }
}
