// An inbox with a fake connection, for its tests.

import type { DbConnection } from '@agora/bindings';
import type { Act, Settled } from '../../acts/acts.ts';
import type { Session } from '../../connection/session.ts';
import { readOptions } from '../../options.ts';
import { Dispatcher } from '../dispatcher.ts';
import { Inbox, type InboxParts, type InboxRow, type Notice } from '../inbox.ts';
import { MessageSubscription, type MessageHandler } from '../message-subscription.ts';

type RowListener = (context: unknown, ...rows: InboxRow[]) => void;

/** An inbox whose rows the test inserts, and the acts that it performs. */
export class InboxScene {
  readonly acts: Act[] = [];
  readonly settles: (Settled | undefined)[] = [];
  readonly notices: Notice[] = [];
  readonly signals: unknown[] = [];
  shown = 0;
  receives = true;
  handlesNotices = true;
  /** Id of the ask of this client. */
  asked = '';
  readonly warnings: string[] = [];
  readonly dispatcher = new Dispatcher(32, error => this.warnings.push(error.code));
  readonly inbox: Inbox;
  readonly #rows = new Map<bigint, InboxRow>();
  #listeners: Record<'insert' | 'update' | 'delete', RowListener> | undefined;
  #reopen: (session: Session) => void | Promise<void> = () => undefined;
  refusal: Error | undefined;

  constructor() {
    const parts: InboxParts = {
      connection: {
        settings: readOptions('Bob', { handlerTimeoutMs: 120_000 }),
        state: 'connected',
        onOpen: opened => (this.#reopen = opened),
        ready: () => Promise.resolve(this.#session()),
        call: () => Promise.resolve('{"long":true}' as never), // the only call of an inbox is that of a payload
        warn: error => this.warnings.push(error.code),
      },
      acts: {
        perform: (act, settled) => {
          this.acts.push(act);
          this.settles.push(settled);
        },
      },
      dispatcher: this.dispatcher,
      agent: () => 1n,
      receives: () => this.receives,
      isAsked: about => about === this.asked,
      noticed: notice => {
        this.notices.push(notice);
        return this.handlesNotices;
      },
      signalled: ({ seq, data }) => this.signals.push([seq, data]),
      shown: () => this.shown++,
    };
    this.inbox = new Inbox(parts);
  }

  open(): Promise<void> {
    return this.inbox.query.open();
  }

  async reconnect(): Promise<void> {
    await this.#reopen(this.#session());
    for (const row of this.#rows.values()) this.#listeners?.insert(undefined, row);
  }

  handle(handler: MessageHandler): void {
    const ignored = () => undefined;
    const options = { wants: () => true, handler, concurrency: 8, warn: ignored, closed: ignored };
    this.dispatcher.add(new MessageSubscription(options), 'messages');
  }

  show(fields: Partial<InboxRow> = {}): InboxRow {
    const row = aRow(fields);
    const old = this.#rows.get(row.id);
    this.#rows.set(row.id, row);
    if (old) this.#listeners?.update(undefined, old, row);
    else this.#listeners?.insert(undefined, row);
    return row;
  }

  hide(row: InboxRow, isHeard = true): void {
    this.#rows.delete(row.id);
    if (isHeard) this.#listeners?.delete(undefined, row);
  }

  #session(): Session {
    const listeners: Partial<Record<'insert' | 'update' | 'delete', RowListener>> = {};
    const myInbox = {
      onInsert: (listener: RowListener) => (listeners.insert = listener),
      onUpdate: (listener: RowListener) => (listeners.update = listener),
      onDelete: (listener: RowListener) => (listeners.delete = listener),
      iter: () => this.#rows.values(),
    };
    this.#listeners = listeners as Required<typeof listeners>; // the inbox listens to all three
    const subscribe: Session['subscribe'] = (_query, _timeoutMs, onApplied) => Promise.resolve(onApplied?.());
    // The part of a session that an inbox uses.
    return { db: { db: { myInbox } } as unknown as DbConnection, subscribe } as Session;
  }
}

function aRow(fields: Partial<InboxRow>): InboxRow {
  const envelope = {
    id: 'm',
    from: 'Ada',
    fromId: 2,
    to: 'Bob',
    type: 'note',
    priority: 2,
    sentAt: 0,
    answerBy: 0,
    payload: 1,
  };
  const row = { id: 7n, agent: 1n, kind: 'message', message: 'm', priority: 2, attempt: 1, leaseUntil: 0n, seq: 1n };
  // The owner does not matter: the hub shows an identity only its own rows.
  return { ...row, envelope: JSON.stringify(envelope), ...fields } as InboxRow;
}

/** Opens an inbox without rows. */
export async function anInboxScene(): Promise<InboxScene> {
  const scene = new InboxScene();
  await scene.open();
  return scene;
}
