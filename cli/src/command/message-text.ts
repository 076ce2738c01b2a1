// Messages as output: an object for programs, lines for people.

import { PRIORITY } from '@agora/module/contract';
import type { IncomingMessage, PeekedMessage, Task } from '@agora/client';
import type { Output } from '../base/output.ts';
import { manyLines, oneLine } from '../base/printable-text.ts';

/** The message as an object for programs. Members without a value are left out. */
export function describeMessage(message: IncomingMessage, task?: Task): Readonly<Record<string, unknown>> {
  const { id, type, from, to, kind, priority, attempt, wantsAnswer, headers, sentAt, answerBy, expiresAt } = message;
  const { inReplyTo, continues, onBehalfOf, forwarded, payload } = message;
  return {
    ...{ id, type, from, to, kind, priority, attempt, wantsAnswer, headers, sentAt, answerBy, expiresAt },
    ...{ inReplyTo, continues },
    ...(onBehalfOf.length > 0 && { onBehalfOf }),
    ...(forwarded.length > 0 && { forwarded }),
    ...(task ? { task } : { payload }),
  };
}

/** The message for people: a line with time, sender, type and id, and the payload below it. */
export function showMessage(output: Output, message: IncomingMessage | PeekedMessage): string {
  const { sentAt, from, type, priority, kind, id, payload } = message;
  const time = output.paint('dim', sentAt.toLocaleTimeString());
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
