// Predicts why the hub would refuse a message, for a dry run. The checks are those that need no call.

import { isStandardType, MESSAGE_SCHEMAS, nearestNames } from '@agora/client';
import { LIMITS, SIGN, TYPE_NAME } from '@agora/module/contract';
import type { FileMessage } from './file-message.ts';
import type { PredictedRefusal } from './types.ts';

const SIGNS: ReadonlySet<string> = new Set(Object.values(SIGN));

/** The predicted refusal of a message, or undefined. `names` are the registered agents. */
export function predictRefusal(
  { to, messageType, payload }: FileMessage,
  names: ReadonlySet<string>,
): PredictedRefusal | undefined {
  const unknown = to.find(name => !SIGNS.has(name.charAt(0)) && !names.has(name));
  if (unknown !== undefined) {
    const nearest = nearestNames(unknown, names).map(name => `"${name}"`);
    const hint = nearest.length > 0 ? `; did you mean ${nearest.join(' or ')}?` : '';
    return { code: 'message/unknown-recipient', reason: `there is no agent "${unknown}"${hint}` };
  }
  if (!TYPE_NAME.test(messageType)) {
    return { code: 'message/bad-type', reason: `"${messageType}" is not a type; use snake_case or dotted names` };
  }
  if (Buffer.byteLength(JSON.stringify(payload ?? null)) > LIMITS.payloadBytes) {
    return { code: 'message/too-large', reason: `the payload is over ${LIMITS.payloadBytes} bytes` };
  }
  if (!isStandardType(messageType)) return undefined;
  const [fault] = MESSAGE_SCHEMAS[messageType].safeParse(payload).error?.issues ?? [];
  if (!fault) return undefined;
  const reason = `the payload does not fit ${messageType}: ${['payload', ...fault.path].map(String).join('.')}: ${fault.message}`;
  return { code: 'message/bad-payload', reason };
}
