// The caller's inbox: one full-key point, so that a write to another inbox concerns nobody here.

import { t } from 'spacetimedb/server';
import { agora } from '../schema.ts';
import { offer } from '../tables/message.ts';

/** What is offered to the caller's agents: their credits' worth of deliveries, and notices not yet taken. */
export const myInbox = agora.view({ public: true }, t.array(offer.rowType), ctx => [
  ...ctx.db.offer.owner.filter(ctx.sender),
]);
