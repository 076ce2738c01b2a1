// What a recipient sees of a message: one JSON text, put together once and stored with the offer.

import { LIMITS } from '../contract/limits.ts';
import type { Ctx } from '../schema.ts';
import { byteLength, isLongerThan } from '../text.ts';

/** What was said, as it is stored. */
export type Message = NonNullable<ReturnType<Ctx['db']['message']['id']['find']>>;

/**
 * The envelope of a message, with its payload if that has at most `inlineBytes` bytes. Names, types and ids have been checked
 * on the way in, so they need no escaping.
 */
export function envelopeOf(message: Message, inlineBytes: number = LIMITS.inlineBytes): string {
  const { payload, headers, inReplyTo, continues, references } = message;
  const body = isLongerThan(payload, inlineBytes) ? `"payloadBytes":${byteLength(payload)}` : `"payload":${payload}`;
  return (
    `{"id":"${message.id}","from":"${message.senderName}","fromId":${message.sender},"to":"${message.target}",` +
    `"type":"${message.type}","priority":${message.priority},"sentAt":${message.acceptedAt},"answerBy":${message.answerBy},` +
    (inReplyTo === '' ? '' : `"inReplyTo":"${inReplyTo}",`) +
    (continues === '' ? '' : `"continues":"${continues}",`) +
    (message.ttlMs === 0n ? '' : `"expiresAt":${message.acceptedAt + message.ttlMs * 1000n},`) +
    references +
    (headers === '' ? '' : `"headers":${headers},`) +
    `${body}}`
  );
}

/** The envelope of a notice that no message stands behind: what became of the message `about`. `data` is JSON. */
export function noticeEnvelope(
  type: string,
  about: string,
  at: bigint,
  payload: Readonly<Record<string, unknown>>,
  data?: string,
): string {
  const members = JSON.stringify(payload);
  const body = data === undefined ? members : `${members.slice(0, -1)},"data":${data}}`;
  return (
    `{"id":"","from":"system","fromId":0,"to":"","type":"${type}","priority":2,"sentAt":${at},"answerBy":0,` +
    `"inReplyTo":"${about}","payload":${body}}`
  );
}
