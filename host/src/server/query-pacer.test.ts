import { expect, test, vi } from 'vitest';
import { QueryPacer } from './query-pacer.ts';

/** A pacer with a manual clock, whose queries take the given time. */
function createPacer() {
  let now = 0;
  const pacer = new QueryPacer(() => now);
  const ran: string[] = [];
  const query = (name: string, ms: number) => () => {
    now += ms;
    ran.push(name);
    return Promise.resolve(name);
  };
  return { pacer, ran, query, pass: (ms: number) => void (now += ms) };
}

const never = new AbortController().signal;

test('queries run immediately until they have used up their share of the time', async () => {
  const { pacer, query, pass } = createPacer();
  for (let each = 0; each < 50; each++) await pacer.run(query('cheap', 0.5), never);
  expect(pacer.isBusy).toBe(false);
  await pacer.run(query('costly', 200), never);
  expect(pacer.isBusy).toBe(true);
  pass(400);
  expect(pacer.isBusy).toBe(false);
});

test('queries that wait run in order, one costly one at a time', async () => {
  vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] });
  try {
    const { pacer, ran, query, pass } = createPacer();
    const answers = ['a', 'b', 'c'].map(name => pacer.run(query(name, 200), never));
    await vi.advanceTimersByTimeAsync(1000);
    expect(ran).toEqual(['a']);
    pass(400);
    await vi.advanceTimersByTimeAsync(1000);
    expect(ran).toEqual(['a', 'b']);
    pass(400);
    await vi.advanceTimersByTimeAsync(1000);
    expect(await Promise.all(answers)).toEqual(['a', 'b', 'c']);
  } finally {
    vi.useRealTimers();
  }
});

test('a query of a client that has left does not run', async () => {
  const { pacer, ran, query } = createPacer();
  await pacer.run(query('costly', 200), never);
  const leaving = new AbortController();
  const answer = pacer.run(query('left', 1), leaving.signal);
  leaving.abort();
  await expect(answer).rejects.toMatchObject({ status: 499 });
  expect([pacer.waiting, ran]).toEqual([0, ['costly']]);
});

test('too many waiting queries are refused', async () => {
  const { pacer, query } = createPacer();
  await pacer.run(query('costly', 200), never);
  const leaving = new AbortController();
  const waiting = Array.from({ length: 1024 }, () => pacer.run(query('waits', 1), leaving.signal));
  await expect(pacer.run(query('late', 1), never)).rejects.toMatchObject({ status: 503 });
  leaving.abort();
  await Promise.allSettled(waiting);
});
