// Stores messages: delivers them, numbers them by sender, and counts their bytes.

import { errors } from 'spacetimedb/server';
import { ROW_BYTES } from '../contract/limits.ts';
import { type InboxKind, PRIORITY } from '../contract/words.ts';
import type { Mailbox } from '../mailbox.ts';
import { refuse } from '../refuse.ts';
import { byteLength } from '../text.ts';
import type { UnitOfWork } from '../unit-of-work.ts';
import { deliver } from './deliver.ts';
import { envelopeOf, type Message } from './envelope.ts';

/** Delivers a message to each recipient and stores it; the envelope is built once for all. */
export function post(unit: UnitOfWork, message: Message, recipients: readonly Mailbox[], textBytes?: number): void {
  const envelope = recipients.length > 0 ? envelopeOf(message) : '';
  for (const box of recipients) message.deliveries.push(deliver(unit, box, message, envelope));
  store(unit, message, textBytes);
}

/** Stores a message under the next number of its sender. Pass `textBytes` where `textBytesOf` was already computed. */
export function store(unit: UnitOfWork, message: Message, textBytes = textBytesOf(message)): void {
  const account = unit.account(message.sender);
  message.no = ++account.sent;
  unit.markAccountChanged(account);
  unit.addBytes(message.sender, rowBytesOf(message) + textBytes);
  try {
    unit.ctx.db.message.insert(message);
  } catch (error) {
    if (!(error instanceof errors.UniqueAlreadyExists)) throw error;
    refuse('message/id-reused', `${message.id} was used for another message; send under a new id`);
  }
}

/** Returns the bytes that a message counts: with its deliveries, in any state, and its ask. */
export function bytesOf(message: Message): number {
  return rowBytesOf(message) + textBytesOf(message);
}

/** Returns the bytes of the texts of a message. */
export function textBytesOf({ payload, headers }: Pick<Message, 'payload' | 'headers'>): number {
  return byteLength(payload) + byteLength(headers);
}

/** Returns the bytes that the rows of a message count besides their texts. A reply continues the ask of another message. */
function rowBytesOf({ deliveries, kind, continues }: Pick<Message, 'deliveries' | 'kind' | 'continues'>): number {
  const ask = kind === 'ask' && continues === '' ? ROW_BYTES.ask : 0;
  return ROW_BYTES.message + deliveries.length * ROW_BYTES.delivery + ask;
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
