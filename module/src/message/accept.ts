// Accepts a message of an agent: checks it, stores it once and creates the deliveries of its targets.

import { checkDeadline, checkHeaders, checkId, checkPayload } from '../checks.ts';
import { LIMITS, ROW_BYTES } from '../contract/limits.ts';
import { PRIORITY, SIGN, TYPE_NAME, UUID_V7 } from '../contract/words.ts';
import type { Mailbox } from '../mailbox.ts';
import { toMicros } from '../micros.ts';
import { charge, isFull, refuseFullInbox, sentenceOfFull } from '../quota/charge.ts';
import { refuse } from '../refuse.ts';
import { schedule } from '../time/schedule.ts';
import type { UnitOfWork } from '../unit-of-work.ts';
import { isSameButTrace } from '../trace.ts';
import { openAsk } from './ask.ts';
import { sendBroadcast } from './broadcast.ts';
import { endWaiting } from './end.ts';
import { type Message, noticeEnvelope } from './envelope.ts';
import { notify } from './offer.ts';
import { hopsOf, readOwn, referencesOf } from './reference.ts';
import { post, systemMessage, textBytesOf } from './store.ts';
import { resolveTargets } from './targets.ts';

/** Fields of the act `Send`. */
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

/** Sends a message. Idempotent: a repeated send does nothing; the same id with other content is refused. */
export function accept(unit: UnitOfWork, args: SendFields): void {
  const sender = unit.own(args.agent);
  checkId(unit, args.id);
  const account = unit.account(sender.agent);
  // Ids of a client ascend, so that one above all earlier ones is new; `store` refuses it if another sender has used it.
  const earlier = args.id > account.lastId ? undefined : unit.ctx.db.message.id.find(args.id);
  if (earlier) return checkSame(earlier, args);
  const send = args.forwardOf === '' ? args : forwarded(unit, sender, args);
  checkContent(send);
  const { recipients, missing } = resolveTargets(unit, sender, send.to);
  const references = referencesOf(unit, sender, send);
  const hops = hopsOf(unit, sender, send);
  const open = recipients.filter(box => !isFull(unit, box));
  const [first] = recipients;
  // One full recipient does not hold back the others.
  if (open.length === 0 && first) refuseFullInbox(unit, first);
  const isBroadcast = recipients.length === 0;
  const isToMany = recipients.length > 1 || isBroadcast;
  const bytes = textBytesOf(send);
  charge(unit, sender, {
    deliveries: recipients.length,
    // The table's own count: it reads no rows.
    fanOut: isBroadcast ? Number(unit.ctx.db.agent.count()) - 1 : isToMany ? recipients.length : 0,
    bytes: bytes + ROW_BYTES.message + recipients.length * ROW_BYTES.delivery,
  });
  const message: Message = {
    ...systemMessage(unit, { id: send.id, target: send.to.join(' '), type: send.type, payload: send.payload }),
    sender: sender.agent,
    senderName: sender.name,
    kind: isBroadcast ? 'broadcast' : send.answerWithinMs > 0 ? 'ask' : 'message',
    priority: send.priority,
    headers: send.headers,
    answerBy: send.answerWithinMs > 0 ? unit.now + toMicros(send.answerWithinMs) : 0n,
    inReplyTo: send.inReplyTo,
    answerWithinMs: send.answerWithinMs,
    delayMs: send.delayMs,
    ttlMs: send.ttlMs,
    onBehalfOf: send.onBehalfOf,
    forwardOf: send.forwardOf,
    references,
    hops,
  };
  if (args.id > account.lastId) account.lastId = args.id;
  if (isBroadcast) sendBroadcast(unit, sender, message);
  for (const box of recipients) if (!open.includes(box)) giveUp(unit, message, box);
  for (const reason of missing) {
    notify(unit, sender, 'dead', message.id, noticeEnvelope('delivery_dead', message.id, unit.now, { reason }));
  }
  post(unit, message, open, bytes);
  if (message.answerBy > 0n) openAsk(unit, message);
  if (send.ttlMs > 0n) schedule(unit, unit.now + toMicros(send.ttlMs), 'expire', 0n, send.id, sender.agent);
}

/** Creates a dead delivery for a full recipient, and notifies the sender. A redrive delivers it. */
function giveUp(unit: UnitOfWork, message: Message, box: Mailbox): void {
  const id = unit.nextDelivery(box);
  message.deliveries.push(id);
  unit.account(message.sender).unfinished++; // its end subtracts it
  const row = { id, agent: box.agent, message: message.id, attempt: 1 };
  endWaiting(unit, row, message, 'queued', 'dead-letter', sentenceOfFull(box));
}

/** Refuses a message that differs from the earlier one with its id in a field that the sender chose. */
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

/** Copies type and payload of the original into a forwarded message. */
function forwarded(unit: UnitOfWork, sender: Mailbox, send: SendFields): SendFields {
  if (send.payload !== '' || send.type !== '') {
    refuse(
      'message/bad-reference',
      'a forwarded message has the type and the payload of the original; leave both empty',
    );
  }
  const { type, payload } = readOwn(unit, sender, send.forwardOf);
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

function checkTimes(send: SendFields): void {
  if (send.delayMs > BigInt(LIMITS.delayMs) || send.ttlMs > BigInt(LIMITS.delayMs)) {
    refuse('message/bad-time', `a delay and a time to live are at most ${LIMITS.delayMs} ms`);
  }
  if (send.ttlMs > 0n && send.ttlMs <= send.delayMs) {
    refuse(
      'message/bad-time',
      `the message would expire after ${send.ttlMs} ms, before its delay of ${send.delayMs} ms has passed`,
    );
  }
  checkDeadline(send.answerWithinMs);
  if (send.answerWithinMs === 0) return;
  const [target] = send.to;
  if (send.to.length > 1 || target === SIGN.everyone || target?.startsWith(SIGN.group)) {
    refuse(
      'message/bad-deadline',
      'an ask goes to one agent or one "@capability"; send to several recipients without a deadline',
    );
  }
  if (BigInt(send.answerWithinMs) <= send.delayMs) {
    refuse('message/bad-deadline', 'the deadline of the answer would pass before the delay; allow more time');
  }
}
