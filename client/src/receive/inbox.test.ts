import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { AgoraError, PermanentError } from '../base/errors.ts';
import type { IncomingMessage } from './incoming-message.ts';
import { anInboxScene, InboxScene } from './testing/inbox-scene.ts';

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

const never = new Promise(() => undefined);

describe('a delivery', () => {
  test('I1: is dispatched once per attempt, also if its row changes or appears again', async () => {
    const scene = await anInboxScene();
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

  test('of another agent of the same owner is ignored', async () => {
    const scene = await anInboxScene();
    scene.handle(() => expect.unreachable());
    scene.show({ agent: 2n });
  });

  test('I2: that is taken back aborts its handler, whose result is dropped', async () => {
    const scene = await anInboxScene();
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

  test('I2: that was taken back while disconnected aborts its handler', async () => {
    const scene = await anInboxScene();
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

  test('that its sender cancels aborts its handler with delivery/cancelled, and the notice is acknowledged', async () => {
    const scene = await anInboxScene();
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

  test('with a long payload is fetched', async () => {
    const scene = await anInboxScene();
    const payloads: unknown[] = [];
    scene.handle(message => payloads.push(message.payload));
    scene.show({ envelope: '{"id":"m","from":"Ada","to":"Bob","type":"note","payloadBytes":5000}' });
    await vi.waitFor(() => expect(payloads).toEqual([{ long: true }]));
  });
});

describe('a lease', () => {
  const extensions = (scene: InboxScene) => scene.acts.filter(act => act.tag === 'Extend').length;

  test('is renewed while its handler runs, up to handlerTimeoutMs', async () => {
    const scene = await anInboxScene();
    scene.handle(() => never);
    scene.show();
    await vi.advanceTimersByTimeAsync(25_000);
    expect(extensions(scene)).toBe(0);
    await vi.advanceTimersByTimeAsync(95_000);
    expect(extensions(scene)).toBe(4);
    await vi.advanceTimersByTimeAsync(600_000);
    expect(extensions(scene)).toBe(4);
  });

  test('is renewed while there is no consumer, and runs out when no consumer accepts the message', async () => {
    const scene = await anInboxScene();
    scene.show();
    await vi.advanceTimersByTimeAsync(40_000);
    expect(extensions(scene)).toBe(1);
    scene.dispatcher.add({ wants: () => false, take: () => expect.unreachable() }, 'messages');
    await vi.advanceTimersByTimeAsync(100_000);
    expect(extensions(scene)).toBe(1);
  });
});

describe('a notice', () => {
  test('I4: is reported, and then acknowledged', async () => {
    const scene = await anInboxScene();
    const envelope =
      '{"id":"a","from":"Ada","to":"Bob","type":"answer","inReplyTo":"q","payload":{"status":"success"}}';
    scene.show({ kind: 'answer', attempt: 0, envelope });
    expect(scene.notices).toEqual([{ kind: 'answer', about: 'q', from: 'Ada', payload: { status: 'success' } }]);
    expect(scene.acts).toEqual([{ tag: 'Acknowledge', value: { delivery: 7n, attempt: 0 } }]);
  });

  test('stays in the inbox if the receiver did not handle it', async () => {
    const scene = await anInboxScene();
    scene.handlesNotices = false;
    scene.show({
      kind: 'dead',
      attempt: 0,
      envelope: '{"id":"a","from":"system","to":"Bob","type":"dead","payload":{}}',
    });
    expect(scene.notices).toHaveLength(1);
    expect(scene.acts).toEqual([]);
  });
});

describe('an inbox of a client that takes no deliveries', () => {
  test('takes only notices about its own asks', async () => {
    const scene = await anInboxScene();
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
  test('is reported at each change of its row, and not acknowledged', async () => {
    const scene = await anInboxScene();
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

describe('I3: a handler that finished while its delivery was taken back', () => {
  const stale = new AgoraError('delivery/stale-attempt', 'it is waiting for attempt 2');

  test.each([
    ['message', () => 'done', { tag: 'Acknowledge' }],
    ['ask', () => 'done', { tag: 'Respond', value: { status: 'success', data: '"done"' } }],
    ['task', () => 'done', { tag: 'FinishStep', value: { output: '"done"' } }],
    ['message', () => Promise.reject(new PermanentError('no')), { tag: 'Fail', value: { retry: false } }],
  ])('does not run again (%s)', async (kind, handle, act) => {
    for (const isRefused of [true, false]) {
      const scene = new InboxScene();
      await scene.open();
      let runs = 0;
      scene.handle(() => {
        runs++;
        return handle();
      });
      const row = scene.show({ kind, attempt: 1 });
      await vi.waitFor(() => expect(scene.acts).toHaveLength(1));
      // Either the hub refused the result, or the client only saw that the row was missing: the agent was away for too long.
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
    ['asked for a retry', () => Promise.reject(new Error('once more'))],
    ['awaited its own settlement', (message: IncomingMessage) => message.ack().catch(() => undefined)],
  ])('runs again if it %s', async (_, handle) => {
    const scene = new InboxScene();
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
