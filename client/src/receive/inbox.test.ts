import type { DbConnection } from '@agora/bindings';
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import type { Act, Settled } from '../acts/acts.ts';
import { AgoraError, PermanentError } from '../base/errors.ts';
import { readOptions } from '../options.ts';
import type { Session } from '../connection/session.ts';
import { Dispatcher } from './dispatcher.ts';
import { Inbox, type InboxParts, type InboxRow, type Notice } from './inbox.ts';
import type { IncomingMessage } from './incoming-message.ts';
import { MessageSubscription, type MessageHandler } from './message-subscription.ts';

type RowListener = (context: unknown, ...rows: InboxRow[]) => void;

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

/** An inbox whose rows a test shows, and the acts that come of it. */
class Scene {
  readonly acts: Act[] = [];
  readonly settles: (Settled | undefined)[] = [];
  readonly notices: Notice[] = [];
  readonly signals: unknown[] = [];
  shown = 0;
  receives = true;
  hears = true;
  /** What is asked from here. */
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
        return this.hears;
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
    const closed = () => undefined;
    this.dispatcher.add(new MessageSubscription({ wants: () => true, handler, concurrency: 8, closed }), 'messages');
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
    // What an inbox uses of a session.
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
  // The owner is of no interest: the hub shows nobody else's rows.
  return { ...row, envelope: JSON.stringify(envelope), ...fields } as InboxRow;
}

async function aScene(): Promise<Scene> {
  const scene = new Scene();
  await scene.open();
  return scene;
}

const never = new Promise(() => undefined);

describe('a delivery', () => {
  test('is handed out once an attempt, however often its row is changed or seen again', async () => {
    const scene = await aScene();
    const attempts: number[] = [];
    scene.handle((message: IncomingMessage) => {
      attempts.push(message.attempt);
      return never;
    });
    scene.show();
    scene.show({ leaseUntil: 5n });
    await scene.reconnect();
    expect(attempts).toEqual([1]);

    scene.show({ attempt: 2 });
    expect(attempts).toEqual([1, 2]);
  });

  test('of another agent of the same owner is left alone', async () => {
    const scene = await aScene();
    scene.handle(() => expect.unreachable());
    scene.show({ agent: 2n });
  });

  test('that is taken back aborts its handler, whose end counts no more', async () => {
    const scene = await aScene();
    const { promise, resolve } = Promise.withResolvers<string>();
    const signals: AbortSignal[] = [];
    scene.handle((_message, { signal }) => {
      signals.push(signal);
      return promise;
    });
    scene.hide(scene.show());
    expect(signals[0]?.aborted).toBe(true);
    resolve('too late');
    await promise;
    expect(scene.acts).toEqual([]);
  });

  test('that was taken back while the connection was lost aborts its handler too', async () => {
    const scene = await aScene();
    const signals: AbortSignal[] = [];
    scene.handle((_message, { signal }) => {
      signals.push(signal);
      return never;
    });
    scene.hide(scene.show(), false);
    expect(signals[0]?.aborted).toBe(false);
    await scene.reconnect();
    expect(signals[0]?.aborted).toBe(true);
  });

  test('that its sender cancels aborts its handler with that, and the notice is acknowledged', async () => {
    const scene = await aScene();
    const signals: AbortSignal[] = [];
    scene.handle((_message, { signal }) => {
      signals.push(signal);
      return never;
    });
    scene.show();
    const envelope =
      '{"id":"","from":"system","to":"","type":"delivery_cancelled","inReplyTo":"m","payload":{"reason":"too slow"}}';
    scene.show({ kind: 'cancelled', attempt: 0, envelope });
    expect(signals[0]?.reason).toMatchObject({
      code: 'delivery/cancelled',
      message: expect.stringContaining('too slow') as string,
    });
    expect(scene.acts).toEqual([{ tag: 'Acknowledge', value: { delivery: 7n, attempt: 0 } }]);
    expect(scene.notices).toEqual([]);
  });

  test('has its payload fetched when it is long', async () => {
    const scene = await aScene();
    const payloads: unknown[] = [];
    scene.handle(message => payloads.push(message.payload));
    scene.show({ envelope: '{"id":"m","from":"Ada","to":"Bob","type":"note","payloadBytes":5000}' });
    await vi.waitFor(() => expect(payloads).toEqual([{ long: true }]));
  });
});

describe('a lease', () => {
  const extensions = (scene: Scene) => scene.acts.filter(act => act.tag === 'Extend').length;

  test('is renewed while its handler runs, and no longer than a handler may', async () => {
    const scene = await aScene();
    scene.handle(() => never);
    scene.show();
    await vi.advanceTimersByTimeAsync(25_000);
    expect(extensions(scene)).toBe(0);
    await vi.advanceTimersByTimeAsync(95_000);
    expect(extensions(scene)).toBe(4);
    await vi.advanceTimersByTimeAsync(600_000);
    expect(extensions(scene)).toBe(4);
  });

  test('is renewed while nobody listens at all, and is let run out when somebody does who does not want it', async () => {
    const scene = await aScene();
    scene.show();
    await vi.advanceTimersByTimeAsync(40_000);
    expect(extensions(scene)).toBe(1);
    scene.dispatcher.add({ wants: () => false, take: () => expect.unreachable() }, 'messages');
    await vi.advanceTimersByTimeAsync(100_000);
    expect(extensions(scene)).toBe(1);
  });
});

describe('a notice', () => {
  test('is told, and then acknowledged', async () => {
    const scene = await aScene();
    const envelope =
      '{"id":"a","from":"Ada","to":"Bob","type":"answer","inReplyTo":"q","payload":{"status":"success"}}';
    scene.show({ kind: 'answer', attempt: 0, envelope });
    expect(scene.notices).toEqual([{ kind: 'answer', about: 'q', from: 'Ada', payload: { status: 'success' } }]);
    expect(scene.acts).toEqual([{ tag: 'Acknowledge', value: { delivery: 7n, attempt: 0 } }]);
  });

  test('stays where it is when it is to be taken later', async () => {
    const scene = await aScene();
    scene.hears = false;
    scene.show({
      kind: 'dead',
      attempt: 0,
      envelope: '{"id":"a","from":"system","to":"Bob","type":"dead","payload":{}}',
    });
    expect(scene.notices).toHaveLength(1);
    expect(scene.acts).toEqual([]);
  });
});

describe('an inbox whose duties another process has', () => {
  test('takes nothing but word about what was asked from here', async () => {
    const scene = await aScene();
    scene.receives = false;
    scene.asked = 'mine';
    const answerTo = (about: string) =>
      `{"id":"a","from":"Ada","to":"Bob","type":"answer","inReplyTo":"${about}","payload":{"status":"success"}}`;
    scene.show({ id: 1n });
    scene.show({ id: 2n, kind: 'answer', attempt: 0, envelope: answerTo('theirs') });
    scene.show({ id: 3n, kind: 'answer', attempt: 0, envelope: answerTo('mine') });
    expect(scene.notices.map(notice => notice.about)).toEqual(['mine']);
    expect(scene.acts).toEqual([{ tag: 'Acknowledge', value: { delivery: 3n, attempt: 0 } }]);
    expect(scene.dispatcher.unclaimed).toBe(0);
  });
});

describe('progress', () => {
  test('is told each time its row is changed, and is not acknowledged', async () => {
    const scene = await aScene();
    const signal = (seq: number) => ({
      kind: 'progress',
      attempt: 0,
      seq: BigInt(seq),
      envelope: `{"id":"","from":"system","to":"","type":"progress","payload":{"seq":${seq},"from":"Bob","data":${seq}}}`,
    });
    scene.show(signal(1));
    scene.show(signal(2));
    expect(scene.signals).toEqual([
      [1, 1],
      [2, 2],
    ]);
    expect(scene.acts).toEqual([]);
    expect(scene.shown).toBe(2);
    expect(scene.inbox.lastOffer).toBe(2n);
  });
});

describe('I3: a handler that has come to its end while its delivery was taken back', () => {
  const stale = new AgoraError('delivery/stale-attempt', 'it is waiting for attempt 2');

  test.each([
    ['message', () => 'done', { tag: 'Acknowledge' }],
    ['ask', () => 'done', { tag: 'Respond', value: { status: 'success', data: '"done"' } }],
    ['task', () => 'done', { tag: 'FinishStep', value: { output: '"done"' } }],
    ['message', () => Promise.reject(new PermanentError('no')), { tag: 'Fail', value: { retry: false } }],
  ])('is not run again (%s)', async (kind, handle, act) => {
    for (const isRefused of [true, false]) {
      const scene = new Scene();
      await scene.open();
      let runs = 0;
      scene.handle(() => {
        runs++;
        return handle();
      });
      const row = scene.show({ kind, attempt: 1 });
      await vi.waitFor(() => expect(scene.acts).toHaveLength(1));
      // It heard that the hub did not take its end, or only that it is away: the agent was gone for too long.
      scene.hide(row, isRefused);
      if (isRefused) scene.settles[0]?.(stale);
      else await scene.reconnect();
      scene.show({ kind, attempt: 2 });
      expect(runs).toBe(1);
      expect(scene.acts[1]).toMatchObject(act);
      expect(scene.acts[1]?.value).toMatchObject({ delivery: row.id, attempt: 2 });
      expect(scene.warnings).toEqual([]);
    }
  });

  test.each([
    ['is to be tried again', () => Promise.reject(new Error('once more'))],
    [
      'was settled by hand, and whoever did was told',
      (message: IncomingMessage) => message.ack().catch(() => undefined),
    ],
  ])('is, if it %s', async (_, handle) => {
    const scene = new Scene();
    await scene.open();
    const attempts: number[] = [];
    scene.handle((message, { attempt }) => {
      attempts.push(attempt);
      return handle(message);
    });
    const row = scene.show({ id: 7n, attempt: 1 });
    await vi.waitFor(() => expect(scene.acts).toHaveLength(1));
    scene.hide(row);
    scene.settles[0]?.(stale);
    scene.show({ id: 7n, attempt: 2 });
    expect(attempts).toEqual([1, 2]);
  });
});
