// The mailbox of one agent: the messages that it holds and the notices that it has not read, until each is settled.
//
// I1  An entry stays until it is settled, read (notices), or taken back by the hub; showing it does not remove it.
// I2  An entry counts as new until an answer with it was returned and not cancelled.
// I3  At most one call waits at a time: a newer one ends the older one as `superseded`.

import type { IncomingMessage, Notice } from '@agora/client';
import { isMessage, priorityOf, type MailEntry, type MessageEntry, type NoticeEntry } from './entry.ts';

/** How a wait ended. */
export type WaitEnd = 'mail' | 'timeout' | 'superseded' | 'cancelled';

/** The mail of an agent, in numbers. */
export interface MailCounts {
  /** Entries that no answer has shown yet. */
  readonly unread: number;
  /** Those of high or critical priority among them. */
  readonly urgent: number;
  /** All entries, which wait to be settled. */
  readonly open: number;
}

/** The parts of a session that its mailbox needs. */
export interface MailboxParts {
  /** Removes a notice from the inbox at the hub. */
  readonly acknowledge: (notice: Notice) => Promise<void>;
  /** Called with the ids of entries that an answer has shown for the first time. */
  readonly shown: (ids: readonly string[]) => void;
}

const HIGH = 3;

/** Holds the mail of one agent in the order of its arrival. */
export class Mailbox {
  readonly #entries = new Map<string, MailEntry>();
  readonly #shown = new Set<MailEntry>();
  readonly #read = new Set<NoticeEntry>();
  /** Ends the holding of a message. */
  readonly #ends = new WeakMap<MessageEntry, () => void>();
  readonly #listeners = new Set<() => void>();
  readonly #parts: MailboxParts;
  #arrival = 0;
  #endWait: ((end: WaitEnd) => void) | undefined;

  constructor(parts: MailboxParts) {
    this.#parts = parts;
  }

  /** Holds a message. Settles when it is settled, or no longer this agent's. */
  hold(message: IncomingMessage): Promise<void> {
    const entry: MessageEntry = { kind: message.kind, id: message.id, message, ...this.#arrive() };
    this.#entries.set(message.id, entry);
    const ended = new Promise<void>(resolve => {
      const end = () => {
        if (this.#entries.get(message.id) === entry) this.#remove(message.id);
        resolve();
      };
      this.#ends.set(entry, end);
      message.signal.addEventListener('abort', end, { once: true });
    });
    this.#changed('mail');
    return ended;
  }

  /** Keeps a notice until it is read. */
  keep(notice: Notice): void {
    const key = noticeKey(notice.about);
    const entry: NoticeEntry = { kind: notice.kind, id: notice.about, notice, ...this.#arrive() };
    this.#entries.set(key, entry);
    this.#changed('mail');
  }

  /** The entry with this id: a held message, else a notice about a message. */
  find(id: string): MailEntry | undefined {
    return this.#entries.get(id) ?? this.#entries.get(noticeKey(id));
  }

  /** The held message with this id. */
  findMessage(id: string): MessageEntry | undefined {
    const entry = this.#entries.get(id);
    return entry && isMessage(entry) ? entry : undefined;
  }

  /** The notice about the message with this id. */
  findNotice(id: string): NoticeEntry | undefined {
    const entry = this.#entries.get(noticeKey(id));
    return entry && !isMessage(entry) ? entry : undefined;
  }

  /** All entries: the highest priority first, then in the order of arrival. */
  list(): MailEntry[] {
    return [...this.#entries.values()].sort((a, b) => priorityOf(b) - priorityOf(a) || a.arrival - b.arrival);
  }

  isNew(entry: MailEntry): boolean {
    return !this.#shown.has(entry);
  }

  counts(): MailCounts {
    const unread = [...this.#entries.values()].filter(each => this.isNew(each));
    const urgent = unread.filter(each => priorityOf(each) >= HIGH);
    return { unread: unread.length, urgent: urgent.length, open: this.#entries.size };
  }

  /** An answer has shown these entries. */
  markShown(entries: Iterable<MailEntry>): void {
    const fresh = [...entries].filter(entry => this.isNew(entry));
    for (const entry of fresh) this.#shown.add(entry);
    if (fresh.length > 0) this.#parts.shown(fresh.map(({ id }) => id));
    this.#changed();
  }

  /** An answer has shown the whole of a notice; `dismissRead` removes it once the client has called again. */
  markRead(entry: NoticeEntry): void {
    this.#read.add(entry);
  }

  /** Acknowledges the notices that earlier answers have shown whole: a further call proves that they arrived. */
  async dismissRead(): Promise<void> {
    for (const entry of [...this.#read]) await this.dismiss(entry);
  }

  /** Acknowledges a notice, which leaves the mailbox. */
  async dismiss(entry: NoticeEntry): Promise<void> {
    this.#read.delete(entry);
    const key = noticeKey(entry.id);
    if (this.#entries.get(key) !== entry) return;
    this.#remove(key);
    // Without a connection it stays at the hub, and comes again in a later session.
    await this.#parts.acknowledge(entry.notice).catch(() => undefined);
  }

  /** A held message was settled. */
  settled(entry: MessageEntry): void {
    this.#ends.get(entry)?.();
  }

  /** Waits for an entry that no answer has shown. */
  waitForNew(timeoutMs: number, signal: AbortSignal): Promise<WaitEnd> {
    this.#endWait?.('superseded');
    if (signal.aborted) return Promise.resolve('cancelled');
    if (this.counts().unread > 0) return Promise.resolve('mail');
    return new Promise(resolve => {
      const end = (how: WaitEnd) => {
        clearTimeout(timer);
        signal.removeEventListener('abort', cancelled);
        if (this.#endWait === end) this.#endWait = undefined;
        resolve(how);
      };
      const cancelled = () => end('cancelled');
      const timer = setTimeout(() => end('timeout'), timeoutMs);
      signal.addEventListener('abort', cancelled, { once: true });
      this.#endWait = end;
    });
  }

  /** Calls `listener` after each change; returns a function that removes it. */
  onChange(listener: () => void): () => void {
    this.#listeners.add(listener);
    return () => void this.#listeners.delete(listener);
  }

  #arrive(): Pick<MailEntry, 'arrival' | 'arrivedAt'> {
    this.#arrival++;
    return { arrival: this.#arrival, arrivedAt: Date.now() };
  }

  #remove(key: string): void {
    this.#entries.delete(key);
    this.#changed();
  }

  #changed(end?: WaitEnd): void {
    if (end) this.#endWait?.(end);
    for (const listener of [...this.#listeners]) listener();
  }
}

function noticeKey(about: string): string {
  return `notice ${about}`;
}
