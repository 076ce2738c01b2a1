// What a hub would say to a message, as far as that can be told without sending it.

import { isStandardType, MESSAGE_SCHEMAS, nearestNames } from '@agora/client';
import { LIMITS, TYPE_NAME } from '@agora/module/contract';
import type { FileMessage } from './file-message.ts';

/** Why a message would be refused, or undefined. `names` are the agents that there are. */
export function predictRefusal(
  { to, messageType, payload }: FileMessage,
  names: ReadonlySet<string>,
): { readonly code: string; readonly reason: string } | undefined {
  const unknown = to.find(name => !/^[*#@]/.test(name) && !names.has(name));
  if (unknown !== undefined) {
    const meant = nearestNames(unknown, names).map(name => `"${name}"`);
    const hint = meant.length > 0 ? `; did you mean ${meant.join(' or ')}?` : '';
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
  const reason = `this is no ${messageType}: ${['payload', ...fault.path].map(String).join('.')}: ${fault.message}`;
  return { code: 'message/bad-payload', reason };
}
