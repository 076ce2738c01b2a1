// Pages of the event log.

import type { Ctx } from '../schema.ts';

/**
 * Returns the events after a number, in order. The state is `expired` if some of them are no longer kept, and `ahead` if the
 * number was never assigned; then there are no rows.
 */
export function eventsAfter(db: Ctx['db'], after: bigint, limit: number) {
  const head = db.logHead.log.find('event');
  const first = head?.first ?? 1n;
  const last = head?.last ?? 0n;
  if (after > last) return { state: 'ahead', first, last, rows: [] };
  if (after + 1n < first) return { state: 'expired', first, last, rows: [] };
  const rows = [];
  // Numbers are dense: as many look-ups by key as rows.
  for (let seq = after + 1n; seq <= last && rows.length < limit; seq++) {
    const row = db.eventLog.seq.find(seq);
    if (row) rows.push(row);
  }
  return { state: 'ok', first, last, rows };
}
