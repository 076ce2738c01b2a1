// Appends events: each is stored in the log and sent on the feed.

import type { SystemEventType } from '../contract/words.ts';
import { byteLength } from '../text.ts';
import type { UnitOfWork } from '../unit-of-work.ts';

/** Appends an event of an agent with its id and headers, or one of the hub, which uses its number as id. */
export function appendEvent(
  unit: UnitOfWork,
  type: string,
  source: string,
  data: string,
  given?: { readonly id: string; readonly headers: string },
): void {
  const seq = unit.nextNumber('event');
  const { id, headers } = given ?? { id: `system-${seq}`, headers: '' };
  const row = { seq, id, type, source, data, at: unit.ctx.timestamp, headers };
  unit.addBytes(byteLength(data) + byteLength(headers));
  unit.spend(2);
  unit.ctx.db.eventLog.insert(row);
  unit.ctx.db.eventFeed.insert(row);
}

/** Appends an event of the hub. It carries ids, states and checked names, never private content. */
export function appendSystemEvent(
  unit: UnitOfWork,
  type: SystemEventType,
  data: Readonly<Record<string, unknown>>,
): void {
  appendEvent(unit, type, 'system', JSON.stringify(data));
}

/** Details of an audit event: ids and limits, never content. */
export type Details = Readonly<Record<string, string | number | undefined>>;

/** Appends the audit event `operator_act` of an action of an operator, the caller. */
export function recordAct(unit: UnitOfWork, action: string, details: Details): void {
  appendSystemEvent(unit, 'operator_act', { action, ...details, by: unit.ctx.sender.toHexString() });
}
