// Answers to asks, and replies of the asker to a question of the recipient.

import { checkDeadline, checkId, checkPayload } from '../checks.ts';
import { ROW_BYTES } from '../contract/limits.ts';
import type { AskState } from '../contract/words.ts';
import { toMicros } from '../micros.ts';
import { charge, refuseFullInbox } from '../quota/charge.ts';
import { refuse } from '../refuse.ts';
import { schedule } from '../time/schedule.ts';
import type { UnitOfWork } from '../unit-of-work.ts';
import { traceOf } from '../trace.ts';
import { askIdOf, endAsk, isOpen } from './ask.ts';
import { answerPayload, envelopeOf, type Message } from './envelope.ts';
import { notify } from './offer.ts';
import { hopsOf } from './reference.ts';
import { post, store, systemMessage, textBytesOf } from './store.ts';

/** Result of a handler; `data` is JSON. With `input_required` it is a question that the asker must answer first. */
export type Answer =
  | { readonly status: 'success' | 'input_required'; readonly data: string }
  /** `isPermanent` is true when a retry of the step cannot succeed. */
  | { readonly status: 'error'; readonly error: string; readonly isPermanent?: boolean };

/** Sends an answer to the asker. An answer after the end of the ask is kept, and marked as late. */
export function answerAsk(unit: UnitOfWork, asked: Message, by: bigint, answer: Answer, id: string): void {
  const about = askIdOf(asked);
  const ask = unit.ctx.db.ask.message.find(about);
  const asker = unit.box(asked.sender);
  if (!ask || !asker) return;
  const isLate = !isOpen(ask);
  const state: AskState = isLate ? 'late' : answer.status === 'input_required' ? 'input_required' : 'answered';
  // A cancelled, expired or dead ask keeps its state; only the answer itself is marked.
  const after = { ...ask, state: isLate && ask.state !== 'timed_out' ? ask.state : state, answer: id };
  if (state === 'input_required') unit.ctx.db.ask.message.update({ ...after, askedBackBy: by });
  else endAsk(unit, after);
  const message = systemMessage(unit, {
    id,
    sender: by,
    senderName: unit.box(by)?.name ?? 'system',
    target: asker.name,
    kind: 'answer',
    type: 'answer',
    payload: answerPayload(answer, isLate),
    headers: traceOf(asked.headers),
    inReplyTo: about,
    hops: asked.hops + 1,
  });
  const envelope = envelopeOf(message);
  const counted = ask.signals === 0 ? envelope : `${envelope.slice(0, -1)},"signals":${ask.signals}}`;
  message.deliveries.push(notify(unit, asker, 'answer', id, counted));
  store(unit, message);
}

/** The asker replies to a question of the recipient; the ask continues with that recipient until its deadline. */
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
    refuse('ask/unknown', `"${asker.name}" has no ask ${act.ask.slice(0, 64)}`);
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
    refuse('ask/no-question', `ask ${act.ask} is ${ask.state}; its recipient has asked nothing back`);
  }
  const box = unit.box(ask.askedBackBy);
  if (!box) refuse('message/unknown-recipient', 'the agent that asked back was unregistered');
  refuseFullInbox(unit, box);
  const hops = hopsOf(unit, asker, { id: act.id, inReplyTo: ask.answer, onBehalfOf: '', forwardOf: '' });
  charge(unit, asker, {
    deliveries: 1,
    fanOut: 0,
    bytes: ROW_BYTES.message + ROW_BYTES.delivery + textBytesOf({ payload: act.payload, headers: '' }),
  });
  const deadline = act.answerWithinMs > 0 ? unit.now + toMicros(act.answerWithinMs) : ask.deadline;
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
    hops,
  });
  db.ask.message.update({ ...ask, state: 'open' satisfies AskState, deadline, lastMessage: act.id });
  if (deadline !== ask.deadline) schedule(unit, deadline, 'ask', 0n, act.ask, asker.agent);
  post(unit, message, [box]);
}
