// Stores messages: delivers them, numbers them by sender, and counts their bytes.

import { type InboxKind, PRIORITY } from '../contract/words.ts';
import type { Mailbox } from '../mailbox.ts';
import { byteLength } from '../text.ts';
import type { UnitOfWork } from '../unit-of-work.ts';
import { deliver } from './deliver.ts';
import { envelopeOf, type Message } from './envelope.ts';

/** Delivers a message to each recipient and stores it; the envelope is built once for all. */
export function post(unit: UnitOfWork, message: Message, recipients: readonly Mailbox[], bytes?: number): void {
  const envelope = recipients.length > 0 ? envelopeOf(message) : '';
  for (const box of recipients) message.deliveries.push(deliver(unit, box, message, envelope));
  store(unit, message, bytes);
}

/** Stores a message under the next number of its sender. Pass `bytes` where `bytesOf` was already computed. */
export function store(unit: UnitOfWork, message: Message, bytes = bytesOf(message)): void {
  const account = unit.account(message.sender);
  message.no = ++account.sent;
  unit.markAccountChanged(account);
  unit.addBytes(bytes);
  unit.ctx.db.message.insert(message);
}

/** Returns the bytes that a message adds to the stored bytes of the hub. */
export function bytesOf({ payload, headers }: Pick<Message, 'payload' | 'headers'>): number {
  return byteLength(payload) + byteLength(headers);
}

/** Returns a message with the defaults of the hub's own messages, such as the assignment of a step. Checks nothing. */
export function systemMessage(
  unit: UnitOfWork,
  fields: Pick<Message, 'id' | 'target' | 'type' | 'payload'> & { readonly kind?: InboxKind } & Partial<Message>,
): Message {
  return {
    sender: 0n,
    senderName: 'system',
    kind: 'message',
    priority: PRIORITY.normal,
    headers: '',
    acceptedAt: unit.now,
    answerBy: 0n,
    inReplyTo: '',
    step: 0n,
    broadcast: 0n,
    deliveries: [],
    answerWithinMs: 0,
    delayMs: 0n,
    ttlMs: 0n,
    no: 0n,
    continues: '',
    onBehalfOf: '',
    forwardOf: '',
    references: '',
    referencedBytes: 0,
    hops: 0,
    ...fields,
  };
}
