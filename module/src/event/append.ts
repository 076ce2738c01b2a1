// Publishes a fact to everyone: kept in the log, shown on the feed.

import type { SystemEventType } from '../contract/words.ts';
import { byteLength } from '../text.ts';
import type { UnitOfWork } from '../unit-of-work.ts';

/** Appends an event. An id and headers are the caller's; the hub's own events have their number for an id. */
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
  unit.ctx.db.eventLog.insert(row);
  unit.ctx.db.eventFeed.insert(row);
}

/** An event of the hub itself. About private things it carries ids, never content. */
export function appendSystemEvent(
  unit: UnitOfWork,
  type: SystemEventType,
  data: Readonly<Record<string, unknown>>,
): void {
  appendEvent(unit, type, 'system', JSON.stringify(data));
}
