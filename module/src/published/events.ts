// The event log, in pages.

import { t } from 'spacetimedb/server';
import { requireAdmitted } from '../access.ts';
import { checkPage } from '../checks.ts';
import { eventsAfter } from '../event/event-page.ts';
import { agora } from '../schema.ts';
import { eventFeed } from '../tables/event.ts';

const EventPage = t.object('EventPage', {
  state: t.string(),
  first: t.u64(),
  last: t.u64(),
  rows: t.array(eventFeed.rowType),
});

/** Returns the events after a number, in order. State `expired`: some are no longer kept. `ahead`: the number was never assigned. */
export const readEvents = agora.procedure({ after: t.u64(), limit: t.u32() }, EventPage, (ctx, { after, limit }) => {
  checkPage(limit);
  return ctx.withTx(tx => {
    requireAdmitted(tx);
    return eventsAfter(tx.db, after, limit);
  });
});
