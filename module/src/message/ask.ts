// Questions that wait for an answer: each is closed once, by an answer, by its deadline, or by a dead letter.

import type { Desk } from '../desk.ts';
import { systemMessage } from './accept.ts';
import { notify } from './deliver.ts';
import { envelopeOf, noticeEnvelope, type Message } from './envelope.ts';

/** What a handler said: `data` is JSON. */
export type Answer =
  { readonly status: 'success'; readonly data: string } | { readonly status: 'error'; readonly error: string };

/** Brings an answer to whoever asked. One that comes after the deadline is kept, and marked late. */
export function answerAsk(desk: Desk, asked: Message, by: bigint, answer: Answer, id: string): void {
  const { db } = desk.ctx;
  const ask = db.ask.message.find(asked.id);
  const asker = desk.box(asked.sender);
  if (!ask || !asker) return;
  const isLate = ask.state !== 'open';
  db.ask.message.update({ ...ask, state: isLate ? 'late' : 'answered', answer: id });
  const late = isLate ? ',"late":true' : '';
  const message = systemMessage(desk, {
    id,
    sender: by,
    senderName: desk.box(by)?.name ?? 'system',
    target: asker.name,
    kind: 'answer',
    type: 'answer',
    payload:
      answer.status === 'success'
        ? `{"status":"success","data":${answer.data}${late}}`
        : `{"status":"error","error":${JSON.stringify(answer.error)}${late}}`,
    inReplyTo: asked.id,
  });
  db.message.insert(message);
  notify(desk, asker, 'answer', id, envelopeOf(message));
}

/** The deadline of an ask has come: if nobody answered, the asker hears that its time is over. */
export function timeOutAsk(desk: Desk, id: string): void {
  const ask = desk.ctx.db.ask.message.find(id);
  if (!ask || ask.state !== 'open') return;
  desk.ctx.db.ask.message.update({ ...ask, state: 'timed_out' });
  const asker = desk.box(ask.asker);
  if (asker) notify(desk, asker, 'timeout', id, noticeEnvelope('answer_timeout', id, desk.now, {}));
}

/** Nobody will answer any more: its delivery is dead. */
export function closeAsk(desk: Desk, id: string): void {
  const ask = desk.ctx.db.ask.message.find(id);
  if (ask?.state === 'open') desk.ctx.db.ask.message.update({ ...ask, state: 'dead' });
}
