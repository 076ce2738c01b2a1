// The newest messages of the whole hub, for operators.

import type { Ctx } from '../schema.ts';
import { newestPage } from '../time/newest.ts';
import { deliveryStatus } from './delivery-status.ts';
import { envelopeOf, type Message } from './envelope.ts';

/** Which messages a page shows; empty means any. */
export interface MessageFilter {
  /** A part of the id, the sender, the targets, the type or the payload, in any case. */
  readonly text: string;
  readonly kind: string;
}

/** Returns the messages that were accepted before a time and match a filter, newest first. */
export function messagesBefore(db: Ctx['db'], page: { before: bigint; limit: number }, { text, kind }: MessageFilter) {
  const wanted = text.toLowerCase();
  return newestPage(
    range => db.message.acceptedAt.filter(range),
    row => row.acceptedAt,
    page,
    row => {
      if ((kind !== '' && row.kind !== kind) || !hasText(row, wanted)) return undefined;
      const [first] = row.deliveries;
      const state = first === undefined ? '' : deliveryStatus(db, first).state;
      return { kind: row.kind, deliveries: row.deliveries.length, state, envelope: envelopeOf(row) };
    },
  );
}

function hasText({ id, senderName, target, type, payload }: Message, wanted: string): boolean {
  return wanted === '' || [id, senderName, target, type, payload].some(each => each.toLowerCase().includes(wanted));
}
