// Appends events: each is stored in the log and sent on the feed.

import { ROW_BYTES } from '../contract/limits.ts';
import type { SystemEventType } from '../contract/words.ts';
import { byteLength } from '../text.ts';
import type { UnitOfWork } from '../unit-of-work.ts';

/** Appends an event of an agent with its id and headers, or one of the hub, which uses its number as id. Charges `agent` (0: the hub). */
export function appendEvent(
  unit: UnitOfWork,
  agent: bigint,
  type: string,
  source: string,
  data: string,
  given?: { readonly id: string; readonly headers: string },
): void {
  const seq = unit.nextNumber('event');
  const { id, headers } = given ?? { id: `system-${seq}`, headers: '' };
  const row = { seq, id, type, source, data, at: unit.ctx.timestamp, headers };
  unit.addBytes(agent, bytesOfEvent(row));
  unit.spend(2);
  unit.ctx.db.eventLog.insert({ ...row, agent });
  unit.ctx.db.eventFeed.insert(row);
}

/** Returns the bytes that an event counts. */
export function bytesOfEvent({ data, headers }: { readonly data: string; readonly headers: string }): number {
  return ROW_BYTES.event + byteLength(data) + byteLength(headers);
}

/**
 * Appends an event of the hub, and charges the agent that caused it (0: the hub). It carries ids, states and checked names, never
 * private content.
 */
export function appendSystemEvent(
  unit: UnitOfWork,
  agent: bigint,
  type: SystemEventType,
  data: Readonly<Record<string, unknown>>,
): void {
  appendEvent(unit, agent, type, 'system', JSON.stringify(data));
}

/** Details of an audit event: ids and limits, never content. */
export type Details = Readonly<Record<string, string | number | undefined>>;

/** Appends the audit event `operator_act` of an action of an operator, the caller. */
export function recordAct(unit: UnitOfWork, action: string, details: Details): void {
  appendSystemEvent(unit, 0n, 'operator_act', { action, ...details, by: unit.ctx.sender.toHexString() });
}
