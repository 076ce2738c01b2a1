// Entries of the mailbox: messages that the agent holds, and notices about messages that it sent.

import type { IncomingMessage, MessageReference, Notice } from '@agora/client';

/** A message that the agent holds until it is settled. */
export interface MessageEntry {
  readonly kind: IncomingMessage['kind'];
  readonly id: string;
  readonly message: IncomingMessage;
  /** Counts up with each arrival. */
  readonly arrival: number;
  readonly arrivedAt: number;
}

/** An answer to an ask of this agent, or the end of a message that it sent. */
export interface NoticeEntry {
  readonly kind: Notice['kind'];
  /** The id of the message that it is about. */
  readonly id: string;
  readonly notice: Notice;
  readonly arrival: number;
  readonly arrivedAt: number;
}

/** One entry of the mailbox. */
export type MailEntry = MessageEntry | NoticeEntry;

/** One line of the inbox: enough to decide which message to read. */
export interface Headline {
  readonly id: string;
  readonly kind: string;
  readonly from: string;
  readonly type?: string | undefined;
  readonly priority: number;
  readonly age_s: number;
  readonly bytes: number;
  /** True until an answer has shown it. */
  readonly is_new: boolean;
  readonly answer_by_s?: number | undefined;
}

/** Returns true for a held message. */
export function isMessage(entry: MailEntry): entry is MessageEntry {
  return 'message' in entry;
}

/** Notices are normal mail; a message has its own priority. */
export function priorityOf(entry: MailEntry): number {
  return isMessage(entry) ? entry.message.priority : 2;
}

/** The payload of an entry as JSON text. */
export function bodyOf(entry: MailEntry): string {
  return JSON.stringify(isMessage(entry) ? entry.message.payload : entry.notice.payload) ?? 'null';
}

/** The headline of an entry. */
export function headlineOf(entry: MailEntry, isNew: boolean, now = Date.now()): Headline {
  const bytes = Buffer.byteLength(bodyOf(entry));
  const shared = { id: entry.id, kind: entry.kind, priority: priorityOf(entry), bytes, is_new: isNew };
  if (!isMessage(entry)) {
    return { ...shared, from: entry.notice.from, age_s: seconds(now - entry.arrivedAt) };
  }
  const { from, type, sentAt, answerBy } = entry.message;
  const age = { age_s: seconds(now - sentAt.getTime()) };
  return { ...shared, from, type, ...age, ...(answerBy && { answer_by_s: seconds(answerBy.getTime() - now) }) };
}

/** A verified reference as tools show it. */
export function referenceOf({ id, from, type }: MessageReference): { id: string; from: string; type: string } {
  return { id, from, type };
}

function seconds(ms: number): number {
  return Math.max(0, Math.round(ms / 1000));
}
