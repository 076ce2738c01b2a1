import { describe, expect, test } from 'vitest';
import { LiveStream, type LiveOptions } from './live-stream.ts';

function aStream(changes: Partial<LiveOptions> = {}) {
  const closed: string[] = [];
  const stream = new LiveStream<number>({
    what: 'numbers',
    maxWaiting: 3,
    whenFull: 'fail',
    closed: () => closed.push('closed'),
    ...changes,
  });
  return { stream, closed };
}

describe('a live loop', () => {
  test('gives what was told before and after it began, in order, and lets go when it is left', async () => {
    const { stream, closed } = aStream();
    stream.push(1);
    stream.push(2);
    const seen: number[] = [];
    queueMicrotask(() => stream.push(3));
    for await (const each of stream) {
      seen.push(each);
      if (each === 3) break;
    }
    expect(seen).toEqual([1, 2, 3]);
    expect(closed).toEqual(['closed']);
    stream.push(4);
    expect(await stream.next()).toEqual({ done: true, value: undefined });
  });

  test('that is too slow fails after what waits, or keeps the newest', async () => {
    const strict = aStream();
    const loose = aStream({ whenFull: 'drop-oldest' });
    for (const { stream } of [strict, loose]) for (let n = 1; n <= 5; n++) stream.push(n);
    for (const n of [1, 2, 3]) expect((await strict.stream.next()).value).toBe(n);
    await expect(strict.stream.next()).rejects.toMatchObject({ code: 'client/slow-reader' });
    expect(await strict.stream.next()).toEqual({ done: true, value: undefined });
    expect(strict.closed).toEqual(['closed']);
    for (const n of [3, 4, 5]) expect((await loose.stream.next()).value).toBe(n);
  });

  test('ends with its signal, and with what it watches', async () => {
    const controller = new AbortController();
    const { stream, closed } = aStream({ signal: controller.signal });
    const next = stream.next();
    controller.abort();
    expect(await next).toEqual({ done: true, value: undefined });
    expect(closed).toEqual(['closed']);
    expect(() => aStream({ signal: controller.signal })).toThrow('aborted');

    const lost = aStream();
    const waiting = lost.stream.next();
    lost.stream.end(new Error('lost'));
    await expect(waiting).rejects.toThrow('lost');
  });

  test('is disposed of', async () => {
    const { stream, closed } = aStream();
    {
      await using used = stream;
      used.push(1);
    }
    expect(closed).toEqual(['closed']);
    expect(await stream.next()).toEqual({ done: true, value: undefined });
  });
});
