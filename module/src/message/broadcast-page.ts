// Reads broadcasts: the ones that an agent has not handled, and the handling of one by all agents.

import type { Ctx } from '../schema.ts';
import { failureOf, isHandled } from './broadcast.ts';

/** Agents that `handlingOf` lists at most. */
const MAX_RECIPIENTS = 1_000;

/** Returns the broadcasts after a number (0: after the agent's cursor) that the agent has not handled, in order. */
export function broadcastsAfter(db: Ctx['db'], agent: bigint, after: bigint, limit: number) {
  const log = db.logHead.log.find('broadcast');
  const head = log?.last ?? 0n;
  const first = log?.first ?? 1n;
  const cursor = db.broadcastCursor.agent.find(agent)?.handled ?? head;
  const rows = [];
  const handled: bigint[] = [];
  const from = [after, cursor, first - 1n].reduce((highest, each) => (each > highest ? each : highest));
  // Numbers are dense: at most `limit` look-ups by key, handled or not.
  const end = from + BigInt(limit);
  for (let seq = from + 1n; seq <= head && seq <= end; seq++) {
    if (isHandled(db, agent, seq)) {
      handled.push(seq);
      continue;
    }
    const row = db.broadcastLog.seq.find(seq);
    if (!row) continue;
    const failures = failureOf(db, agent, seq)?.attempt ?? 0;
    rows.push({ seq, sender: row.sender, priority: row.priority, envelope: row.envelope, failures });
  }
  return { cursor, head, handled, rows, first };
}

/** Returns the names of the agents that have handled a broadcast, have not yet, or have failed it; 1,000 names at most. */
export function handlingOf(db: Ctx['db'], seq: bigint, sender: bigint) {
  const handled: string[] = [];
  const waiting: string[] = [];
  const failed: string[] = [];
  const countAll = () => handled.length + waiting.length + failed.length;
  const last = db.logHead.log.find('agent')?.last ?? 0n;
  // Agent ids are dense: look-ups by key.
  for (let id = 1n; id <= last && countAll() < MAX_RECIPIENTS; id++) {
    const cursor = id === sender ? undefined : db.broadcastCursor.agent.find(id);
    if (!cursor || cursor.since >= seq) continue;
    const name = db.mailbox.agent.find(id)?.name ?? '';
    const isOver = cursor.handled >= seq || isHandled(db, id, seq);
    const hasFailed = isOver && failureOf(db, id, seq) !== undefined;
    (hasFailed ? failed : isOver ? handled : waiting).push(name);
  }
  return { seq, recipients: countAll(), handled, waiting, failed };
}
