// Publishes a fact to everyone: kept in the log, shown on the feed.

import type { SystemEventType } from '../contract/words.ts';
import type { Desk } from '../desk.ts';
import { byteLength } from '../text.ts';

/** Appends an event. An id and headers are the caller's; the hub's own events have their number for an id. */
export function appendEvent(
  desk: Desk,
  type: string,
  source: string,
  data: string,
  given?: { readonly id: string; readonly headers: string },
): void {
  const seq = desk.nextNumber('event');
  const { id, headers } = given ?? { id: `system-${seq}`, headers: '' };
  const row = { seq, id, type, source, data, at: desk.ctx.timestamp, headers };
  desk.addBytes(byteLength(data) + byteLength(headers));
  desk.ctx.db.eventLog.insert(row);
  desk.ctx.db.eventFeed.insert(row);
}

/** An event of the hub itself. About private things it carries ids, never content. */
export function appendSystemEvent(desk: Desk, type: SystemEventType, data: Readonly<Record<string, unknown>>): void {
  appendEvent(desk, type, 'system', JSON.stringify(data));
}
