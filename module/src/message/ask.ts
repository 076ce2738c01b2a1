// Questions that wait for an answer: each is closed once, by an answer, by its deadline, by the asker, or by a dead letter.

import { checkDeadline, checkId, checkPayload } from '../checks.ts';
import type { AskState } from '../contract/words.ts';
import { charge } from '../quota/charge.ts';
import { refuse } from '../refuse.ts';
import { schedule } from '../time/schedule.ts';
import type { UnitOfWork } from '../unit-of-work.ts';
import type { Answer } from './answer.ts';
import { type Ask, askedBy, isOpen } from './ask-row.ts';
import { envelopeOf, type Message, noticeEnvelope } from './envelope.ts';
import { notify } from './offer.ts';
import { endSignals } from './signal.ts';
import { bytesOf, post, store, systemMessage } from './store.ts';
import { traceOf } from './trace.ts';

/** Brings an answer to whoever asked. One that comes after the deadline is kept, and marked late. */
export function answerAsk(unit: UnitOfWork, asked: Message, by: bigint, answer: Answer, id: string): void {
  const about = askedBy(asked);
  const ask = unit.ctx.db.ask.message.find(about);
  const asker = unit.box(asked.sender);
  if (!ask || !asker) return;
  const isLate = !isOpen(ask);
  const state: AskState = isLate ? 'late' : answer.status === 'input_required' ? 'input_required' : 'answered';
  // An ask that was called off, or whose message is dead, has its end; what still comes is only marked.
  const after = { ...ask, state: isLate && ask.state !== 'timed_out' ? ask.state : state, answer: id };
  if (state === 'input_required') close(unit, { ...after, askedBackBy: by }, { isOver: false });
  else close(unit, after, { isOver: true });
  const message = systemMessage(unit, {
    id,
    sender: by,
    senderName: unit.box(by)?.name ?? 'system',
    target: asker.name,
    kind: 'answer',
    type: 'answer',
    payload: payloadOf(answer, isLate),
    headers: traceOf(asked.headers),
    inReplyTo: about,
  });
  message.deliveries.push(notify(unit, asker, 'answer', id, envelopeOf(message)));
  store(unit, message);
}

function payloadOf(answer: Answer, isLate: boolean): string {
  const late = isLate ? ',"late":true' : '';
  return answer.status === 'error'
    ? `{"status":"error","error":${JSON.stringify(answer.error)}${late}}`
    : `{"status":"${answer.status}","data":${answer.data}${late}}`;
}

/** The asker answers what was asked back, and the question goes on: with whoever asked back, until its deadline. */
export function reply(
  unit: UnitOfWork,
  act: {
    readonly id: string;
    readonly agent: bigint;
    readonly ask: string;
    readonly payload: string;
    readonly answerWithinMs: number;
  },
): void {
  const { db } = unit.ctx;
  const asker = unit.own(act.agent);
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
  checkId(unit, act.id);
  checkPayload(act.payload);
  checkDeadline(act.answerWithinMs);
  if (ask.state !== 'input_required') {
    refuse('ask/no-question', `question ${act.ask} is ${ask.state}; nothing is asked back now`);
  }
  const box = unit.box(ask.askedBackBy);
  if (!box) refuse('message/unknown-recipient', 'the agent that asked back is gone');
  charge(unit, asker, { deliveries: 1, fanOut: 0, bytes: bytesOf({ payload: act.payload, headers: '' }) });
  const deadline = act.answerWithinMs > 0 ? unit.now + BigInt(act.answerWithinMs) * 1000n : ask.deadline;
  const message = systemMessage(unit, {
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
  if (deadline !== ask.deadline) schedule(unit, deadline, 'ask', 0n, act.ask);
  post(unit, message, [box]);
}

/** The deadline of an ask has come: if nobody answered, the asker hears that its time is over. */
export function timeOutAsk(unit: UnitOfWork, id: string): void {
  const ask = unit.ctx.db.ask.message.find(id);
  // A reply may have moved the deadline, and then this one is of the past.
  if (!ask || !isOpen(ask) || ask.deadline > unit.now) return;
  close(unit, { ...ask, state: 'timed_out' }, { isOver: true });
  const asker = unit.box(ask.asker);
  if (asker) notify(unit, asker, 'timeout', id, noticeEnvelope('answer_timeout', id, unit.now, {}));
}

/** Nobody will answer any more, or nobody wants it. */
export function closeAsk(
  unit: UnitOfWork,
  id: string,
  state: Extract<AskState, 'dead' | 'cancelled' | 'expired'>,
): void {
  const ask = unit.ctx.db.ask.message.find(id);
  if (ask && isOpen(ask)) close(unit, { ...ask, state }, { isOver: true });
}

function close(unit: UnitOfWork, ask: Ask, { isOver }: { readonly isOver: boolean }): void {
  unit.ctx.db.ask.message.update(isOver ? endSignals(unit, ask) : ask);
}
