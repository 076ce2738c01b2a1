// The kept log of events, in pages.

import { t } from 'spacetimedb/server';
import { requireAdmitted } from '../access.ts';
import { checkPage } from '../checks.ts';
import { agora } from '../schema.ts';
import { eventLog } from '../tables/event.ts';

const EventPage = t.object('EventPage', {
  state: t.string(),
  first: t.u64(),
  last: t.u64(),
  rows: t.array(eventLog.rowType),
});

/** Events after a number, in order. `expired`: some of them are no longer kept. `ahead`: the number was never given. */
export const readEvents = agora.procedure({ after: t.u64(), limit: t.u32() }, EventPage, (ctx, { after, limit }) => {
  checkPage(limit);
  return ctx.withTx(tx => {
    requireAdmitted(tx);
    const head = tx.db.logHead.log.find('event');
    const first = head?.first ?? 1n;
    const last = head?.last ?? 0n;
    if (after > last) return { state: 'ahead', first, last, rows: [] };
    if (after + 1n < first) return { state: 'expired', first, last, rows: [] };
    const rows = [];
    // Numbers are dense: as many look-ups by key as rows.
    for (let seq = after + 1n; seq <= last && rows.length < limit; seq++) {
      const row = tx.db.eventLog.seq.find(seq);
      if (row) rows.push(row);
    }
    return { state: 'ok', first, last, rows };
  });
});
