// Messages as output: an object for programs, lines for people.

import { PRIORITY } from '@agora/module/contract';
import { taskOf, type IncomingMessage, type MessageRecord, type PeekedMessage } from '@agora/client';
import type { Output } from '../base/output.ts';
import { manyLines, oneLine } from '../base/printable-text.ts';

/** The message as an object for programs: the same members from every command. Members without a value are left out. */
export function describeMessage(message: IncomingMessage): Readonly<Record<string, unknown>> {
  const { kind, attempt, wantsAnswer, answerBy, expiresAt, continues } = message;
  return { ...recordOf(message), kind, attempt, wantsAnswer, answerBy, expiresAt, continues };
}

/** A message of an inbox that was not taken, as an object for programs. */
export function describePeeked(message: PeekedMessage): Readonly<Record<string, unknown>> {
  const { kind, state, attempt, payloadBytes } = message;
  return { ...recordOf(message), kind, state, attempt, wantsAnswer: kind === 'ask', payloadBytes };
}

/** A stored message as an object for programs. */
export function describeRecord(message: MessageRecord): Readonly<Record<string, unknown>> {
  return { ...recordOf(message), state: message.state };
}

function recordOf(message: IncomingMessage | PeekedMessage | MessageRecord): Readonly<Record<string, unknown>> {
  const { id, type, from, to, priority, headers, sentAt, inReplyTo, onBehalfOf, forwarded, payload } = message;
  const task = 'kind' in message ? taskOf(message) : undefined;
  return {
    ...{ id, type, from, to, priority, headers, sentAt, inReplyTo },
    ...(onBehalfOf.length > 0 && { onBehalfOf }),
    ...(forwarded.length > 0 && { forwarded }),
    ...(task ? { task } : { payload }),
  };
}

/** Returns true for a message that ends with an answer or with the output of a step. */
export function wantsResult({ kind }: Pick<IncomingMessage, 'kind'>): boolean {
  return kind === 'ask' || kind === 'task';
}

/** The message for people: a line with time, sender, type and id, and the payload below it. */
export function showMessage(output: Output, message: IncomingMessage | PeekedMessage | MessageRecord): string {
  const { sentAt, from, type, priority, id, payload } = message;
  const kind = 'kind' in message ? message.kind : 'message';
  const time = output.paint('dim', output.time(sentAt));
  const words = [
    time,
    output.paint('bold', from),
    type,
    priorityMark(output, priority),
    kind === 'message' ? '' : kind,
  ];
  return `${words.filter(word => word !== '').join('  ')}  ${output.paint('dim', id)}\n${indent(showValue(payload))}`;
}

/** The value for people: a string unchanged, `{"text": …}` as its text, any other value as JSON. */
export function showValue(value: unknown): string {
  if (value === undefined) return '';
  if (typeof value === 'string') return manyLines(value);
  if (typeof value === 'object' && value !== null && 'text' in value && typeof value.text === 'string') {
    if (Object.keys(value).length === 1) return manyLines(value.text);
  }
  return manyLines(JSON.stringify(value, undefined, 2));
}

/** The value on one line of at most `width` characters. */
export function shortValue(value: unknown, width: number): string {
  const text = typeof value === 'object' ? JSON.stringify(value) : showValue(value);
  const line = oneLine(text);
  return line.length > width ? `${line.slice(0, Math.max(0, width - 1))}…` : line;
}

/** The name of a priority. */
export function priorityName(priority: number): string {
  return Object.entries(PRIORITY).find(([, value]) => value === priority)?.[0] ?? String(priority);
}

function priorityMark(output: Output, priority: number): string {
  if (priority === PRIORITY.normal) return '';
  return output.paint(priority > PRIORITY.normal ? 'yellow' : 'dim', priorityName(priority));
}

function indent(text: string): string {
  return text
    .split('\n')
    .map(line => `  ${line}`)
    .join('\n');
}
