// Messages as programs and as people read them.

import type { IncomingMessage, PeekedMessage, Task } from '@agora/client';
import { manyLines, oneLine } from '../base/printable-text.ts';
import type { Output } from '../base/output.ts';

/** What a program is told of a message. Members without a value are left out. */
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

/** A line for people: when, what, from whom, and the payload on the lines below it. */
export function showMessage(output: Output, message: IncomingMessage | PeekedMessage): string {
  const { sentAt, from, type, priority, kind, id, payload } = message;
  const time = output.paint('dim', sentAt.toLocaleTimeString());
  const words = [time, output.paint('bold', from), type, mark(output, priority), kind === 'message' ? '' : kind];
  return `${words.filter(word => word !== '').join('  ')}  ${output.paint('dim', id)}\n${indent(showValue(payload))}`;
}

/** A value for people: a text as it is, `{"text": …}` as its text, all else as JSON. */
export function showValue(value: unknown): string {
  if (value === undefined) return '';
  if (typeof value === 'string') return manyLines(value);
  if (typeof value === 'object' && value !== null && 'text' in value && typeof value.text === 'string') {
    if (Object.keys(value).length === 1) return manyLines(value.text);
  }
  return manyLines(JSON.stringify(value, undefined, 2));
}

/** A value on one line, no longer than `width`. */
export function shortValue(value: unknown, width: number): string {
  const text = typeof value === 'object' ? JSON.stringify(value) : showValue(value);
  const line = oneLine(text);
  return line.length > width ? `${line.slice(0, Math.max(0, width - 1))}…` : line;
}

const PRIORITIES = ['', 'low', 'normal', 'high', 'critical'];

/** The name of a priority. */
export function priorityName(priority: number): string {
  return PRIORITIES[priority] ?? String(priority);
}

function mark(output: Output, priority: number): string {
  if (priority === 2) return '';
  return output.paint(priority > 2 ? 'yellow' : 'dim', priorityName(priority));
}

function indent(text: string): string {
  return text
    .split('\n')
    .map(line => `  ${line}`)
    .join('\n');
}
