// Accepts what an agent sends: checks everything, stores it once, and makes what its targets ask for.

import { LIMITS } from '../contract/limits.ts';
import { PRIORITY, SIGN, TYPE_NAME, UUID_V7, type AskState, type InboxKind } from '../contract/words.ts';
import type { Desk, Mailbox } from '../desk.ts';
import { charge, refuseFullInbox } from '../quota/charge.ts';
import { refuse } from '../refuse.ts';
import { byteLength, isLongerThan, isObject, parseJson, uuidTimeMs } from '../text.ts';
import { remember } from '../time/due.ts';
import { announce } from './broadcast.ts';
import { deliver } from './deliver.ts';
import { envelopeOf, type Message } from './envelope.ts';
import { readOwn, referencesOf } from './reference.ts';
import { resolve } from './targets.ts';
import { isSameButTrace } from './trace.ts';

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
  readonly onBehalfOf: string;
  readonly forwardOf: string;
}

/** Sends a message. The same message again is accepted and does nothing; the same id with other content is refused. */
export function accept(desk: Desk, said: SendFields): void {
  const sender = desk.own(said.agent);
  checkId(desk, said.id);
  const earlier = desk.ctx.db.message.id.find(said.id);
  if (earlier) return checkSame(earlier, said);
  const send = said.forwardOf === '' ? said : forwarded(desk, sender, said);
  checkContent(send);
  const recipients = resolve(desk, sender, send.to);
  const references = referencesOf(desk, sender, send);
  for (const box of recipients) refuseFullInbox(desk, box);
  const isBroadcast = recipients.length === 0;
  const isToMany = recipients.length > 1 || isBroadcast;
  const bytes = bytesOf(send);
  charge(desk, sender, {
    deliveries: recipients.length,
    // Agents are never more than the rows of their table; counting those costs nothing.
    fanOut: isBroadcast ? Number(desk.ctx.db.agent.count()) - 1 : isToMany ? recipients.length : 0,
    bytes,
  });
  const message: Message = {
    ...systemMessage(desk, { id: send.id, target: send.to.join(' '), type: send.type, payload: send.payload }),
    sender: sender.agent,
    senderName: sender.name,
    kind: isBroadcast ? 'broadcast' : send.answerWithinMs > 0 ? 'ask' : 'message',
    priority: send.priority,
    headers: send.headers,
    answerBy: send.answerWithinMs > 0 ? desk.now + BigInt(send.answerWithinMs) * 1000n : 0n,
    inReplyTo: send.inReplyTo,
    answerWithinMs: send.answerWithinMs,
    delayMs: send.delayMs,
    ttlMs: send.ttlMs,
    onBehalfOf: send.onBehalfOf,
    forwardOf: send.forwardOf,
    references,
  };
  if (message.answerBy > 0n) openAsk(desk, message);
  if (isBroadcast) announce(desk, sender, message);
  post(desk, message, recipients, bytes);
  if (send.ttlMs > 0n) remember(desk, desk.now + send.ttlMs * 1000n, 'expire', 0n, send.id);
}

/** Stores a message and delivers it to each recipient; the envelope is put together once for all. */
export function post(desk: Desk, message: Message, recipients: readonly Mailbox[], bytes?: number): void {
  const envelope = recipients.length > 0 ? envelopeOf(message) : '';
  for (const box of recipients) message.deliveries.push(deliver(desk, box, message, envelope));
  store(desk, message, bytes);
}

/** Stores a message under the next number of its sender. `bytes` is what it counts for, where that is known. */
export function store(desk: Desk, message: Message, bytes = bytesOf(message)): void {
  const account = desk.account(message.sender);
  message.no = ++account.sent;
  desk.charged(account);
  desk.addBytes(bytes);
  desk.ctx.db.message.insert(message);
}

/** What a message counts for in what the hub stores. */
export function bytesOf({ payload, headers }: Pick<Message, 'payload' | 'headers'>): number {
  return byteLength(payload) + byteLength(headers);
}

/** Notes that a message wants an answer, until when. */
export function openAsk(desk: Desk, message: Message): void {
  desk.ctx.db.ask.insert({
    message: message.id,
    asker: message.sender,
    deadline: message.answerBy,
    state: 'open' satisfies AskState,
    answer: '',
    askedBackBy: 0n,
    lastMessage: '',
    signals: 0,
    signalRow: 0n,
    signalDelivery: 0n,
    signalAttempt: 0,
    signalNumber: 0,
  });
  remember(desk, message.answerBy, 'ask', 0n, message.id);
}

/** A message that the hub itself sends: the assignment of a step, an answer. Its fields are the hub's, so none is checked. */
export function systemMessage(
  desk: Desk,
  fields: Pick<Message, 'id' | 'target' | 'type' | 'payload'> & { readonly kind?: InboxKind } & Partial<Message>,
): Message {
  return {
    sender: 0n,
    senderName: 'system',
    kind: 'message',
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
    no: 0n,
    continues: '',
    onBehalfOf: '',
    forwardOf: '',
    references: '',
    ...fields,
  };
}

/** Refuses an id that is no UUIDv7, or whose time lies where it cannot be told from an earlier one. */
export function checkId(desk: Desk, id: string): void {
  const timeMs = uuidTimeMs(id);
  if (timeMs === undefined) refuse('message/bad-id', `"${id.slice(0, 64)}" is not a UUIDv7 in lower case`);
  const nowMs = Number(desk.now / 1000n);
  const { keepMessagesMs, idsSince } = desk.hub;
  const oldestMs = Math.max(nowMs - Number(keepMessagesMs), Number(idsSince / 1000n));
  if (timeMs < oldestMs) {
    refuse('message/id-too-old', `${id} is older than messages are kept; send under a new id`);
  }
  if (timeMs > nowMs + LIMITS.clockSkewMs) refuse('message/id-ahead', `${id} lies in the future; set your clock`);
}

/** A message equals another when all that its sender said of it does. */
function checkSame(earlier: Message, send: SendFields): void {
  const isForward = send.forwardOf !== '';
  const isSame =
    earlier.sender === send.agent &&
    earlier.target === send.to.join(' ') &&
    (isForward || (earlier.type === send.type && earlier.payload === send.payload)) &&
    earlier.priority === send.priority &&
    isSameButTrace(earlier.headers, send.headers) &&
    earlier.answerWithinMs === send.answerWithinMs &&
    earlier.inReplyTo === send.inReplyTo &&
    earlier.delayMs === send.delayMs &&
    earlier.ttlMs === send.ttlMs &&
    earlier.onBehalfOf === send.onBehalfOf &&
    earlier.forwardOf === send.forwardOf;
  if (!isSame) refuse('message/id-reused', `${send.id} was used for another message; send under a new id`);
}

/** A forwarded message says what the original says: the hub takes it from there. */
function forwarded(desk: Desk, sender: Mailbox, send: SendFields): SendFields {
  if (send.payload !== '' || send.type !== '') {
    refuse(
      'message/bad-reference',
      'a forwarded message has the type and the payload of the original; leave both empty',
    );
  }
  const { type, payload } = readOwn(desk, sender, send.forwardOf);
  return { ...send, type, payload };
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
  checkPayload(send.payload);
  checkHeaders(send.headers);
  if (send.inReplyTo !== '' && !UUID_V7.test(send.inReplyTo)) {
    refuse('message/bad-id', `inReplyTo "${send.inReplyTo.slice(0, 64)}" is not a UUIDv7 in lower case`);
  }
  checkTimes(send);
}

/** Refuses headers that are neither empty nor a JSON object, or too long. */
export function checkHeaders(headers: string): void {
  if (headers === '') return;
  const isFine = !isLongerThan(headers, LIMITS.headerBytes) && isObject(parseJson(headers)?.value);
  if (!isFine) refuse('message/bad-headers', `headers are a JSON object of at most ${LIMITS.headerBytes} bytes`);
}

/** Refuses what is not JSON, or too long. */
export function checkPayload(payload: string): void {
  if (isLongerThan(payload, LIMITS.payloadBytes)) {
    refuse('message/too-large', `the payload is over ${LIMITS.payloadBytes} bytes; send a reference to it instead`);
  }
  if (!parseJson(payload)) refuse('message/bad-payload', 'the payload is not JSON');
}

function checkTimes(send: SendFields): void {
  if (send.delayMs > BigInt(LIMITS.delayMs) || send.ttlMs > BigInt(LIMITS.delayMs)) {
    refuse('message/bad-time', `a delay and a time to live are ${LIMITS.delayMs} ms at most`);
  }
  if (send.ttlMs > 0n && send.ttlMs <= send.delayMs) {
    refuse(
      'message/bad-time',
      `it would expire after ${send.ttlMs} ms, before its delay of ${send.delayMs} ms is over`,
    );
  }
  checkDeadline(send.answerWithinMs);
  if (send.answerWithinMs === 0) return;
  const [target] = send.to;
  if (send.to.length > 1 || target === SIGN.everyone || target?.startsWith(SIGN.group)) {
    refuse('message/bad-deadline', 'an answer can be asked of one agent, or of "@capability"; send to several without');
  }
  if (BigInt(send.answerWithinMs) <= send.delayMs) {
    refuse('message/bad-deadline', 'the time for an answer would be over before the delay is');
  }
}

/** Refuses to wait longer for an answer than the hub does. */
export function checkDeadline(answerWithinMs: number): void {
  if (answerWithinMs > LIMITS.answerWithinMs) {
    refuse('message/bad-deadline', `an answer may take ${LIMITS.answerWithinMs} ms at most`);
  }
}
