// One page of the inbox: headlines in order, continued by a cursor that stays valid while mail comes and goes.

import type { AgentSession } from '../agent/agent-session.ts';
import { MAX_ANSWER_BYTES, RESERVED_BYTES, fitting } from '../base/size.ts';
import { McpError } from '../base/mcp-error.ts';
import { headlineOf, priorityOf, type MailEntry } from '../mail/entry.ts';
import type { ToolCall } from './tool.ts';

/** Headlines from `cursor` on, at most `limit`. Marks them as shown once the answer is on its way. */
export function inboxPage(
  { mailbox }: AgentSession,
  cursor: string | undefined,
  limit: number,
  call: ToolCall,
): object {
  const after = cursor === undefined ? undefined : parseCursor(cursor);
  const entries = mailbox.list().filter(entry => after === undefined || isAfter(entry, after));
  const headlines = entries.slice(0, limit).map(entry => headlineOf(entry, mailbox.isNew(entry)));
  const mail = fitting(headlines, MAX_ANSWER_BYTES - RESERVED_BYTES);
  const shown = entries.slice(0, mail.length);
  call.onDelivered(() => mailbox.markShown(shown));
  const last = shown.at(-1);
  const hasMore = last !== undefined && shown.length < entries.length;
  return { mail, ...(hasMore && { next_cursor: `${priorityOf(last)}.${last.arrival}` }) };
}

interface Position {
  readonly priority: number;
  readonly arrival: number;
}

function isAfter(entry: MailEntry, { priority, arrival }: Position): boolean {
  const own = priorityOf(entry);
  return own < priority || (own === priority && entry.arrival > arrival);
}

function parseCursor(cursor: string): Position {
  const [, priority, arrival] = /^(\d)\.(\d+)$/.exec(cursor) ?? [];
  if (priority !== undefined) return { priority: Number(priority), arrival: Number(arrival) };
  throw new McpError('mcp/bad-input', `"${cursor}" is no cursor.`, 'Pass next_cursor of the last answer, or nothing.');
}
