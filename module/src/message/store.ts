// Stores messages: under the next number of their sender, counted by their bytes, delivered to each recipient.

import { type InboxKind, PRIORITY } from '../contract/words.ts';
import { byteLength } from '../text.ts';
import type { Mailbox, UnitOfWork } from '../unit-of-work.ts';
import { deliver } from './deliver.ts';
import { envelopeOf, type Message } from './envelope.ts';

/** Stores a message and delivers it to each recipient; the envelope is put together once for all. */
export function post(unit: UnitOfWork, message: Message, recipients: readonly Mailbox[], bytes?: number): void {
  const envelope = recipients.length > 0 ? envelopeOf(message) : '';
  for (const box of recipients) message.deliveries.push(deliver(unit, box, message, envelope));
  store(unit, message, bytes);
}

/** Stores a message under the next number of its sender. `bytes` is what it counts for, where that is known. */
export function store(unit: UnitOfWork, message: Message, bytes = bytesOf(message)): void {
  const account = unit.account(message.sender);
  message.no = ++account.sent;
  unit.charged(account);
  unit.addBytes(bytes);
  unit.ctx.db.message.insert(message);
}

/** What a message counts for in what the hub stores. */
export function bytesOf({ payload, headers }: Pick<Message, 'payload' | 'headers'>): number {
  return byteLength(payload) + byteLength(headers);
}

/** A message that the hub itself sends: the assignment of a step, an answer. Its fields are the hub's, so none is checked. */
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
    ...fields,
  };
}
