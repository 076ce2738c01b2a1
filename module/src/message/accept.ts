// Accepts what an agent sends: checks everything, stores it once, and makes what its targets ask for.

import { AGENT_NAME, LIMITS, PRIORITY, TYPE_NAME, UUID_V7, type InboxKind } from '../contract.ts';
import type { Desk, Mailbox } from '../desk.ts';
import { refuse } from '../refuse.ts';
import { isLongerThan, isObject, parseJson, uuidTimeMs } from '../text.ts';
import { remember } from '../time/due.ts';
import { announce } from './broadcast.ts';
import { deliver } from './deliver.ts';
import { envelopeOf, type Message } from './envelope.ts';

/** What `Send` says. */
export interface SendFields {
  readonly id: string;
  readonly agent: bigint;
  readonly to: readonly string[];
  readonly type: string;
  readonly payload: string;
  readonly headers: string;
  readonly priority: number;
  readonly answerWithinMs: number;
  readonly ttlMs: bigint;
  readonly delayMs: bigint;
  readonly inReplyTo: string;
}

/** Sends a message. The same message again is accepted and does nothing; the same id with other content is refused. */
export function accept(desk: Desk, send: SendFields): void {
  const sender = desk.own(send.agent);
  checkId(desk, send.id);
  const earlier = desk.ctx.db.message.id.find(send.id);
  if (earlier) return checkSame(earlier, send);
  checkContent(send);
  const recipients = resolve(desk, send);
  for (const box of recipients) {
    if (box.waiting + box.held >= LIMITS.inboxLength) {
      refuse(
        'inbox/full',
        `"${box.name}" has ${LIMITS.inboxLength} unfinished deliveries; send again when it has caught up`,
      );
    }
  }
  const isBroadcast = recipients.length === 0;
  const message: Message = {
    id: send.id,
    sender: sender.agent,
    senderName: sender.name,
    target: send.to.join(' '),
    kind: isBroadcast ? 'broadcast' : send.answerWithinMs > 0 ? 'ask' : 'message',
    type: send.type,
    priority: send.priority,
    payload: send.payload,
    headers: send.headers,
    acceptedAt: desk.now,
    answerBy: send.answerWithinMs > 0 ? desk.now + BigInt(send.answerWithinMs) * 1000n : 0n,
    inReplyTo: send.inReplyTo,
    step: 0n,
    broadcast: isBroadcast ? desk.nextNumber('broadcast') : 0n,
    deliveries: [],
    answerWithinMs: send.answerWithinMs,
    delayMs: send.delayMs,
    ttlMs: send.ttlMs,
  };
  if (message.answerBy > 0n) {
    desk.ctx.db.ask.insert({
      message: send.id,
      asker: sender.agent,
      deadline: message.answerBy,
      state: 'open',
      answer: '',
    });
    remember(desk, message.answerBy, 'ask', 0n, send.id);
  }
  post(desk, message, recipients);
  if (isBroadcast) announce(desk, sender, message);
}

/** Stores a message and delivers it to each recipient; the envelope is put together once for all. */
export function post(desk: Desk, message: Message, recipients: readonly Mailbox[]): void {
  const envelope = recipients.length > 0 ? envelopeOf(message) : '';
  for (const box of recipients) message.deliveries.push(deliver(desk, box, message, envelope));
  desk.ctx.db.message.insert(message);
}

/** A message that the hub itself sends: the assignment of a step, an answer. Its fields are the hub's, so none is checked. */
export function systemMessage(
  desk: Desk,
  fields: Pick<Message, 'id' | 'target' | 'type' | 'payload'> & { readonly kind: InboxKind } & Partial<Message>,
): Message {
  return {
    sender: 0n,
    senderName: 'system',
    priority: PRIORITY.normal,
    headers: '',
    acceptedAt: desk.now,
    answerBy: 0n,
    inReplyTo: '',
    step: 0n,
    broadcast: 0n,
    deliveries: [],
    answerWithinMs: 0,
    delayMs: 0n,
    ttlMs: 0n,
    ...fields,
  };
}

/** Refuses an id that is no UUIDv7, or whose time lies where it cannot be told from an earlier one. */
export function checkId(desk: Desk, id: string): void {
  const timeMs = uuidTimeMs(id);
  if (timeMs === undefined) refuse('message/bad-id', `"${id.slice(0, 64)}" is not a UUIDv7 in lower case`);
  const nowMs = Number(desk.now / 1000n);
  if (timeMs < nowMs - LIMITS.retentionMs) {
    refuse('message/id-too-old', `${id} is older than messages are kept; send under a new id`);
  }
  if (timeMs > nowMs + LIMITS.clockSkewMs) refuse('message/id-ahead', `${id} lies in the future; set your clock`);
}

/** Two broadcasts apart, a message equals another when all that its sender said of it does. */
function checkSame(earlier: Message, send: SendFields): void {
  const isSame =
    earlier.sender === send.agent &&
    earlier.target === send.to.join(' ') &&
    earlier.type === send.type &&
    earlier.priority === send.priority &&
    earlier.payload === send.payload &&
    earlier.headers === send.headers &&
    earlier.answerWithinMs === send.answerWithinMs &&
    earlier.inReplyTo === send.inReplyTo &&
    earlier.delayMs === send.delayMs &&
    earlier.ttlMs === send.ttlMs;
  if (!isSame) refuse('message/id-reused', `${send.id} was used for another message; send under a new id`);
}

function checkContent(send: SendFields): void {
  if (!TYPE_NAME.test(send.type) || send.type.length > 128) {
    refuse('message/bad-type', `"${send.type.slice(0, 64)}" is not a type; use snake_case or dotted names`);
  }
  if (!Number.isInteger(send.priority) || send.priority < PRIORITY.low || send.priority > PRIORITY.critical) {
    refuse(
      'message/bad-priority',
      `priority ${send.priority} does not exist; use 1 low, 2 normal, 3 high or 4 critical`,
    );
  }
  if (isLongerThan(send.payload, LIMITS.payloadBytes)) {
    refuse('message/too-large', `the payload is over ${LIMITS.payloadBytes} bytes; send a reference to it instead`);
  }
  if (!parseJson(send.payload)) refuse('message/bad-payload', 'the payload is not JSON');
  if (send.headers !== '') {
    const isFine = !isLongerThan(send.headers, LIMITS.headerBytes) && isObject(parseJson(send.headers)?.value);
    if (!isFine) refuse('message/bad-headers', `headers are a JSON object of at most ${LIMITS.headerBytes} bytes`);
  }
  if (send.inReplyTo !== '' && !UUID_V7.test(send.inReplyTo)) {
    refuse('message/bad-id', `inReplyTo "${send.inReplyTo.slice(0, 64)}" is not a UUIDv7 in lower case`);
  }
  if (send.delayMs > 0n || send.ttlMs > 0n)
    refuse('message/unsupported-time', 'delay and time to live must be 0 for now');
  if (send.answerWithinMs > LIMITS.answerWithinMs) {
    refuse('message/bad-deadline', `an answer may take ${LIMITS.answerWithinMs} ms at most`);
  }
  if (send.answerWithinMs > 0 && (send.to.length > 1 || send.to[0] === '*')) {
    refuse('message/bad-deadline', 'an answer can be asked of one agent; send to several without waiting for one');
  }
}

/** The mailboxes a message goes to; none for a broadcast. */
function resolve(desk: Desk, send: SendFields): readonly Mailbox[] {
  const { to } = send;
  if (to.length === 0) refuse('message/no-recipient', 'name a recipient, several, or "*" for everyone');
  if (to.length > LIMITS.recipients) {
    refuse('message/too-many-recipients', `one message goes to ${LIMITS.recipients} recipients at most; use "*"`);
  }
  if (to.length === 1 && to[0] === '*') return [];
  const boxes = new Set<Mailbox>();
  for (const name of to) {
    if (name === '*' || name.startsWith('#') || name.startsWith('@')) {
      refuse('message/unsupported-target', `"${name.slice(0, 65)}" cannot be a target here; name agents, or "*" alone`);
    }
    const box = AGENT_NAME.test(name) ? desk.boxNamed(name) : undefined;
    if (!box) refuse('message/unknown-recipient', `there is no agent "${name.slice(0, 64)}"`);
    boxes.add(box);
  }
  return [...boxes];
}
