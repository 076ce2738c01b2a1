// Questions that wait for an answer: each is closed once, by an answer, by its deadline, by the asker, or by a dead letter.

import { UUID_V7, type AskState } from '../contract/words.ts';
import type { Desk } from '../desk.ts';
import { charge } from '../quota/charge.ts';
import { refuse } from '../refuse.ts';
import { remember } from '../time/due.ts';
import { bytesOf, checkDeadline, checkId, checkPayload, post, store, systemMessage } from './accept.ts';
import { envelopeOf, noticeEnvelope, type Message } from './envelope.ts';
import { notify } from './offer.ts';
import { askedBy, isOpen, type Ask } from './question.ts';
import { endSignals } from './signal.ts';
import { traceOf } from './trace.ts';

/** What a handler said: `data` is JSON. With `input_required` it is a question that the asker has to answer first. */
export type Answer =
  | { readonly status: 'success' | 'input_required'; readonly data: string }
  /** Of a step: whether it is of no use to try it again. */
  | { readonly status: 'error'; readonly error: string; readonly isPermanent?: boolean };

/** Brings an answer to whoever asked. One that comes after the deadline is kept, and marked late. */
export function answerAsk(desk: Desk, asked: Message, by: bigint, answer: Answer, id: string): void {
  const about = askedBy(asked);
  const ask = desk.ctx.db.ask.message.find(about);
  const asker = desk.box(asked.sender);
  if (!ask || !asker) return;
  const isLate = !isOpen(ask);
  const state: AskState = isLate ? 'late' : answer.status === 'input_required' ? 'input_required' : 'answered';
  // An ask that was called off, or whose message is dead, has its end; what still comes is only marked.
  const after = { ...ask, state: isLate && ask.state !== 'timed_out' ? ask.state : state, answer: id };
  if (state === 'input_required') close(desk, { ...after, askedBackBy: by }, { isOver: false });
  else close(desk, after, { isOver: true });
  const message = systemMessage(desk, {
    id,
    sender: by,
    senderName: desk.box(by)?.name ?? 'system',
    target: asker.name,
    kind: 'answer',
    type: 'answer',
    payload: payloadOf(answer, isLate),
    headers: traceOf(asked.headers),
    inReplyTo: about,
  });
  message.deliveries.push(notify(desk, asker, 'answer', id, envelopeOf(message)));
  store(desk, message);
}

function payloadOf(answer: Answer, isLate: boolean): string {
  const late = isLate ? ',"late":true' : '';
  return answer.status === 'error'
    ? `{"status":"error","error":${JSON.stringify(answer.error)}${late}}`
    : `{"status":"${answer.status}","data":${answer.data}${late}}`;
}

/** The asker answers what was asked back, and the question goes on: with whoever asked back, until its deadline. */
export function reply(
  desk: Desk,
  act: {
    readonly id: string;
    readonly agent: bigint;
    readonly ask: string;
    readonly payload: string;
    readonly answerWithinMs: number;
  },
): void {
  const { db } = desk.ctx;
  const asker = desk.own(act.agent);
  const ask = db.ask.message.find(act.ask);
  const asked = db.message.id.find(act.ask);
  if (!ask || !asked || ask.asker !== asker.agent) {
    refuse('ask/unknown', `"${asker.name}" has no open question ${act.ask.slice(0, 64)}`);
  }
  const earlier = db.message.id.find(act.id);
  if (earlier) {
    if (earlier.continues === act.ask && earlier.payload === act.payload) return;
    refuse('message/id-reused', `${act.id} was used for another message; reply under a new id`);
  }
  checkId(desk, act.id);
  checkPayload(act.payload);
  checkDeadline(act.answerWithinMs);
  if (ask.state !== 'input_required') {
    refuse('ask/no-question', `question ${act.ask} is ${ask.state}; nothing is asked back now`);
  }
  const box = desk.box(ask.askedBackBy);
  if (!box) refuse('message/unknown-recipient', 'the agent that asked back is gone');
  charge(desk, asker, { deliveries: 1, fanOut: 0, bytes: bytesOf({ payload: act.payload, headers: '' }) });
  const deadline = act.answerWithinMs > 0 ? desk.now + BigInt(act.answerWithinMs) * 1000n : ask.deadline;
  const message = systemMessage(desk, {
    id: act.id,
    sender: asker.agent,
    senderName: asker.name,
    target: box.name,
    kind: 'ask',
    type: asked.type,
    priority: asked.priority,
    payload: act.payload,
    headers: asked.headers,
    answerBy: deadline,
    inReplyTo: ask.answer,
    continues: act.ask,
  });
  db.ask.message.update({ ...ask, state: 'open' satisfies AskState, deadline, lastMessage: act.id });
  if (deadline !== ask.deadline) remember(desk, deadline, 'ask', 0n, act.ask);
  post(desk, message, [box]);
}

/** The deadline of an ask has come: if nobody answered, the asker hears that its time is over. */
export function timeOutAsk(desk: Desk, id: string): void {
  const ask = desk.ctx.db.ask.message.find(id);
  // A reply may have moved the deadline, and then this one is of the past.
  if (!ask || !isOpen(ask) || ask.deadline > desk.now) return;
  close(desk, { ...ask, state: 'timed_out' }, { isOver: true });
  const asker = desk.box(ask.asker);
  if (asker) notify(desk, asker, 'timeout', id, noticeEnvelope('answer_timeout', id, desk.now, {}));
}

/** Nobody will answer any more, or nobody wants it. */
export function closeAsk(desk: Desk, id: string, state: Extract<AskState, 'dead' | 'cancelled' | 'expired'>): void {
  const ask = desk.ctx.db.ask.message.find(id);
  if (ask && isOpen(ask)) close(desk, { ...ask, state }, { isOver: true });
}

function close(desk: Desk, ask: Ask, { isOver }: { readonly isOver: boolean }): void {
  desk.ctx.db.ask.message.update(isOver ? endSignals(desk, ask) : ask);
}

/** Refuses an id that no answer may have. */
export function checkAnswerId(id: string): void {
  if (!UUID_V7.test(id)) refuse('message/bad-id', `"${id.slice(0, 64)}" is not a UUIDv7 in lower case`);
}
