// Who is there: an agent is online while a connection is attached to it.

import type { ConnectionId } from 'spacetimedb';
import { LIMITS } from '../contract/limits.ts';
import type { Presence } from '../contract/words.ts';
import type { Desk, Mailbox } from '../desk.ts';
import { appendSystemEvent } from '../event/publish.ts';
import { fill } from '../message/deliver.ts';
import { sweepLater } from '../message/offer.ts';
import { standReady } from '../message/queue.ts';

/** Binds an agent to a connection and offers it what waits. Saying it again does nothing. */
export function attach(desk: Desk, agent: bigint, connection: ConnectionId): void {
  const { db } = desk.ctx;
  const box = desk.own(agent);
  // The agents of one connection: at most `agentsPerIdentity`.
  for (const row of db.attachment.connection.filter(connection)) if (row.agent === agent) return;
  db.attachment.insert({ id: 0n, connection, agent });
  if (box.online) fill(desk, box);
  else comeBack(desk, box);
}

/** An agent is there (again), and is offered what waits. */
export function comeBack(desk: Desk, box: Mailbox): void {
  box.online = true;
  box.offlineSince = 0n;
  desk.changed(box);
  show(desk, box.agent, 'online');
  fill(desk, box);
}

/** Lets go of an agent; after its last connection it is offline, and after the grace period its deliveries go back. */
export function detach(desk: Desk, agent: bigint, connection: ConnectionId): void {
  const { db } = desk.ctx;
  for (const row of [...db.attachment.connection.filter(connection)]) {
    if (row.agent === agent) db.attachment.id.delete(row.id);
  }
  goOfflineIfAlone(desk, agent);
}

/** A connection is gone: all that was attached to it is let go. */
export function detachAll(desk: Desk, connection: ConnectionId): void {
  const { db } = desk.ctx;
  for (const row of [...db.attachment.connection.filter(connection)]) {
    db.attachment.id.delete(row.id);
    goOfflineIfAlone(desk, row.agent);
  }
}

/** Lets go of an agent at all its connections. */
export function letGo(desk: Desk, agent: bigint): void {
  desk.ctx.db.attachment.agent.delete(agent);
  goOfflineIfAlone(desk, agent);
}

function goOfflineIfAlone(desk: Desk, agent: bigint): void {
  // The connections of one agent: a handful.
  for (const _ of desk.ctx.db.attachment.agent.filter(agent)) return;
  const box = desk.box(agent);
  if (!box) return;
  // A stale one is offline now, too, and what it held went back before.
  if (box.online) goAway(desk, box, 'offline');
  else show(desk, agent, 'offline');
}

/** An agent is not there any more: nothing is offered to it, and after the grace period its deliveries go back. */
export function goAway(desk: Desk, box: Mailbox, presence: Exclude<Presence, 'online'>): void {
  box.online = false;
  box.offlineSince = desk.now;
  desk.changed(box);
  show(desk, box.agent, presence);
  standReady(desk, box);
  sweepLater(desk, box, desk.now + BigInt(LIMITS.graceMs) * 1000n);
}

/** Shows presence in the public row. */
function show(desk: Desk, agent: bigint, presence: Presence): void {
  const row = desk.ctx.db.agent.id.find(agent);
  if (!row || row.presence === presence) return;
  desk.ctx.db.agent.id.update({ ...row, presence });
  if (presence !== 'online') {
    appendSystemEvent(desk, 'agent_offline', { agent_name: row.name, agent_id: Number(agent), presence });
  }
}
