// JSON texts that recipients read, as `contract/wire.ts` describes them. Each is built once and stored with the offer.
//
// They are concatenated, since payloads, headers and answers are JSON already. Names, types and ids were checked when they
// were accepted, so they need no escaping. `envelope.test.ts` compares the members with the types of the contract.

import { LIMITS } from '../contract/limits.ts';
import type { NoticePayloads } from '../contract/wire.ts';
import { toMicros } from '../micros.ts';
import type { Ctx } from '../schema.ts';
import { byteLength, isLongerThan } from '../text.ts';
import type { Answer } from './answer.ts';

/** A stored message. */
export type Message = NonNullable<ReturnType<Ctx['db']['message']['id']['find']>>;

/** Returns the `Envelope` of a message, with its payload if that has at most `inlineBytes` bytes. */
export function envelopeOf(message: Message, inlineBytes: number = LIMITS.inlineBytes): string {
  const { payload, headers, inReplyTo, continues, references } = message;
  const isInline = message.referencedBytes === 0 && !isLongerThan(payload, inlineBytes);
  const body = isInline ? `"payload":${payload}` : `"payloadBytes":${message.referencedBytes || byteLength(payload)}`;
  // Messages of workflows come from the hub, and name who has started the workflow.
  const isOfStep = message.step > 0n;
  const from = isOfStep ? '"system","fromId":0' : `"${message.senderName}","fromId":${message.sender}`;
  return (
    `{"id":"${message.id}","from":${from},"to":"${message.target}",` +
    `"type":"${message.type}","priority":${message.priority},"sentAt":${message.acceptedAt},"answerBy":${message.answerBy},` +
    (isOfStep ? `"initiator":"${message.senderName}","initiatorId":${message.sender},` : '') +
    (inReplyTo === '' ? '' : `"inReplyTo":"${inReplyTo}",`) +
    (continues === '' ? '' : `"continues":"${continues}",`) +
    (message.ttlMs === 0n ? '' : `"expiresAt":${message.acceptedAt + toMicros(message.ttlMs)},`) +
    references +
    (headers === '' ? '' : `"headers":${headers},`) +
    `${body}}`
  );
}

/**
 * Returns the `Envelope` of a notice that is not a stored message: it reports on the message `about`. `data` is JSON, and
 * becomes a further member of the payload.
 */
export function noticeEnvelope<Type extends keyof NoticePayloads>(
  type: Type,
  about: string,
  at: bigint,
  payload: NoticePayloads[Type],
  data?: string,
): string {
  const members = JSON.stringify(payload);
  const body = data === undefined ? members : `${members.slice(0, -1)},"data":${data}}`;
  return (
    `{"id":"","from":"system","fromId":0,"to":"","type":"${type}","priority":2,"sentAt":${at},"answerBy":0,` +
    `"inReplyTo":"${about}","payload":${body}}`
  );
}

/** Returns the `AnswerPayload` of an answer. */
export function answerPayload(answer: Answer, isLate: boolean): string {
  const late = isLate ? ',"late":true' : '';
  return answer.status === 'error'
    ? `{"status":"error","error":${JSON.stringify(answer.error)}${late}}`
    : `{"status":"${answer.status}","data":${answer.data}${late}}`;
}
