import { LIMITS } from '@agora/module/contract';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { AgoraError, ConnectionError, TimeoutError, toAgoraError } from '../base/errors.ts';
import { Acts, type Act, type Carrier } from './acts.ts';

/** An act with a number that identifies it. */
const act = (n: number): Act => ({ tag: 'Acknowledge', value: { delivery: BigInt(n), attempt: 1 } });

const publish = (data: string): Act => ({ tag: 'Publish', value: { id: '', agent: 1n, type: 'x', data, headers: '' } });

const numberOf = (each: Act): number => (each.tag === 'Acknowledge' ? Number(each.value.delivery) : -1);

/** A server that answers on `answer` and loses its connection on `lose`. */
class Server implements Carrier {
  readonly calls: number[][] = [];
  readonly committed: number[] = [];
  #answer: (() => void) | undefined;
  #lose: ((isCommitted: boolean) => void) | undefined;
  readonly #refuses: (n: number) => boolean;

  constructor(refuses: (n: number) => boolean = () => false) {
    this.#refuses = refuses;
  }

  get isBusy(): boolean {
    return this.#answer !== undefined;
  }

  perform(acts: Act[]): Promise<void> {
    expect(this.isBusy, 'I1: one call in flight').toBe(false);
    expect(acts.length, 'I2: at most 256 acts').toBeLessThanOrEqual(LIMITS.acts);
    const numbers = acts.map(numberOf);
    this.calls.push(numbers);
    return new Promise((resolve, reject) => {
      const refused = numbers.flatMap((n, at) =>
        this.#refuses(n) ? [{ act: at, code: 'call/bad-limit', message: `${n}` }] : [],
      );
      const commit = () => {
        for (const n of numbers) if (!this.committed.includes(n)) this.committed.push(n);
      };
      this.#answer = () => {
        this.#answer = undefined;
        if (refused.length > 0) return reject(toAgoraError(new Error(`call/refused: ${JSON.stringify(refused)}`)));
        commit();
        resolve();
      };
      this.#lose = isCommitted => {
        this.#answer = undefined;
        if (isCommitted && refused.length === 0) commit();
        reject(new ConnectionError('connection/lost', 'lost'));
      };
    });
  }

  answer(): void {
    this.#answer?.();
  }

  lose(isCommitted: boolean): void {
    if (this.isBusy) this.#lose?.(isCommitted);
  }
}

const settle = () => new Promise(resolve => setImmediate(resolve));

async function answerAll(acts: Acts, server: Server): Promise<void> {
  while (acts.size > 0) {
    await settle();
    server.answer();
    await settle();
  }
}

describe('acts of one tick', () => {
  test('go in one call, and later acts in the next one', async () => {
    const server = new Server();
    const acts = new Acts();
    acts.resume(server);
    for (const n of [1, 2, 3]) acts.perform(act(n));
    await settle();
    for (const n of [4, 5]) acts.perform(act(n));
    await settle();
    expect(server.calls).toEqual([[1, 2, 3]]);
    server.answer();
    await settle();
    expect(server.calls).toEqual([
      [1, 2, 3],
      [4, 5],
    ]);
  });

  test('are split before a call exceeds its limits', async () => {
    const server = new Server();
    const acts = new Acts();
    acts.resume(server);
    for (let n = 0; n < 600; n++) acts.perform(act(n));
    await answerAll(acts, server);
    expect(server.calls.map(call => call.length)).toEqual([256, 256, 88]);

    for (let n = 0; n < 10; n++) acts.perform(publish('ä'.repeat(100_000)));
    await answerAll(acts, server);
    expect(server.calls.slice(3).map(call => call.length)).toEqual([5, 5]);
  });

  test('settle the refused act alone; the others go singly after their second refused call', async () => {
    const server = new Server(n => n === 2 || n === 5);
    const acts = new Acts();
    const settled: string[] = [];
    acts.resume(server);
    const perform = (n: number) => acts.perform(act(n), error => settled.push(`${n} ${error?.message ?? 'ok'}`));
    for (const n of [1, 2, 3]) perform(n);
    await settle();
    perform(5);
    await answerAll(acts, server);

    expect(server.calls).toEqual([[1, 2, 3], [1, 3, 5], [1], [3]]);
    expect(settled).toEqual(['2 2', '5 5', '1 ok', '3 ok']);
  });

  test('go singly after a call that failed without naming an act', async () => {
    const acts = new Acts();
    const calls: number[][] = [];
    const outcomes: (string | undefined)[] = [];
    acts.resume({
      perform(each) {
        const numbers = each.map(numberOf);
        calls.push(numbers);
        return numbers.includes(2) ? Promise.reject(new Error('the module fell over')) : Promise.resolve();
      },
    });
    for (const n of [1, 2, 3]) acts.perform(act(n), error => outcomes.push(error?.code));
    await acts.flushed();
    expect(calls).toEqual([[1, 2, 3], [1], [2], [3]]);
    expect(outcomes).toEqual([undefined, 'call/failed', undefined]);
  });

  test('reject after a call without an answer, except kept acts, which are sent again', async () => {
    const acts = new Acts();
    let calls = 0;
    const late = new TimeoutError('call/timed-out', 'late');
    acts.resume({ perform: () => (++calls === 1 ? Promise.reject(late) : Promise.resolve()) });
    const outcomes: unknown[] = [];
    acts.perform(act(1), error => outcomes.push(error));
    acts.perform(act(2), error => outcomes.push(error), { kept: true });
    await acts.flushed();
    expect(outcomes).toEqual([late, undefined]);
  });

  test('are refused with client/queue-full beyond 100,000 waiting ones', () => {
    const acts = new Acts();
    const refused: unknown[] = [];
    for (let n = 0; n <= 100_000; n++) acts.perform(act(n), error => error && refused.push(error.code));
    expect(refused).toEqual(['client/queue-full']);
    acts.end(new AgoraError('client/closed', 'closed'));
    expect(refused).toHaveLength(100_001);
    acts.perform(act(1), error => refused.push(error?.code));
    expect(refused.at(-1)).toBe('client/closed');
  });
});

describe('a fenced act', () => {
  test('goes with the others of its tick, behind its fence, and is refused alone by either', async () => {
    const server = new Server(n => n === 90 || n === 3);
    const acts = new Acts();
    const settled: string[] = [];
    acts.resume(server);
    const perform = (n: number, fence?: number) =>
      acts.perform(act(n), error => settled.push(`${n} ${error?.message ?? 'ok'}`), {
        kept: false,
        fence: fence === undefined ? undefined : act(fence),
      });
    perform(1);
    perform(2, 90);
    perform(3, 91);
    perform(4, 92);
    await answerAll(acts, server);
    expect(server.calls).toEqual([
      [1, 90, 2, 91, 3, 92, 4],
      [1, 92, 4],
    ]);
    expect(settled).toEqual(['2 90', '3 3', '1 ok', '4 ok']);
  });

  test('counts twice for the acts of a call', async () => {
    const server = new Server();
    const acts = new Acts();
    acts.resume(server);
    for (let n = 0; n < 200; n++) acts.perform(act(n), undefined, { kept: false, fence: act(n) });
    await answerAll(acts, server);
    expect(server.calls.map(call => call.length)).toEqual([256, 144]);
  });
});

describe('a batch', () => {
  test('is a separate call that is refused as a whole', async () => {
    const server = new Server(n => n === 3);
    const acts = new Acts();
    acts.resume(server);
    const outcomes: (AgoraError | undefined)[] = [];
    acts.perform(act(1));
    acts.performBatch([act(2), act(3)], error => outcomes.push(error));
    acts.perform(act(4));
    await answerAll(acts, server);
    expect(server.calls).toEqual([[1], [2, 3], [4]]);
    expect(outcomes[0]).toMatchObject({ code: 'call/refused', refusals: [{ act: 1 }] });
    expect(server.committed).toEqual([1, 4]);
  });
});

describe('any history of acts, answers and lost connections', () => {
  test('settles every act exactly once, refuses only the bad ones, and commits the others in order', async () => {
    const step = fc.oneof(
      { weight: 6, arbitrary: fc.constant('perform' as const) },
      { weight: 1, arbitrary: fc.constant('perform-bad' as const) },
      { weight: 1, arbitrary: fc.constant('batch' as const) },
      { weight: 4, arbitrary: fc.constant('answer' as const) },
      { weight: 1, arbitrary: fc.constant('lose' as const) },
      { weight: 1, arbitrary: fc.constant('lose-committed' as const) },
      { weight: 3, arbitrary: fc.constant('tick' as const) },
    );
    await fc.assert(
      fc.asyncProperty(fc.array(step, { maxLength: 60 }), async steps => {
        const bad = new Set<number>();
        const server = new Server(n => bad.has(n));
        const acts = new Acts();
        acts.resume(server);
        const settled = new Map<number, AgoraError | undefined>();
        let last = 0;
        const record = (numbers: number[]) => (error: AgoraError | undefined) => {
          for (const n of numbers) {
            expect(settled.has(n), 'I3: settled once').toBe(false);
            settled.set(n, error);
          }
        };
        for (const each of steps) {
          switch (each) {
            case 'perform-bad':
              bad.add(last + 1);
              acts.perform(act(++last), record([last]));
              break;
            case 'perform':
              acts.perform(act(++last), record([last]));
              break;
            case 'batch': {
              const numbers = [++last, ++last];
              acts.performBatch(numbers.map(act), record(numbers));
              break;
            }
            case 'answer':
              server.answer();
              break;
            case 'lose':
            case 'lose-committed':
              acts.pause();
              server.lose(each === 'lose-committed');
              await settle();
              acts.resume(server);
              break;
            case 'tick':
              await settle();
          }
        }
        await answerAll(acts, server);

        const all = Array.from({ length: last }, (_, at) => at + 1);
        expect([...settled.keys()].sort((a, b) => a - b)).toEqual(all);
        for (const n of all) expect(settled.get(n)?.message, `I4: ${n}`).toBe(bad.has(n) ? `${n}` : undefined);
        expect(server.committed, 'I2: in order').toEqual(all.filter(n => !bad.has(n)));
      }),
      { numRuns: 200 },
    );
  });
});

describe('progress signals', () => {
  test('of one delivery go in separate calls before its answer; signals of other deliveries share a call', async () => {
    const calls: string[][] = [];
    const acts = new Acts(flush => flush());
    const progress = (delivery: bigint, number: number): Act => ({
      tag: 'Progress',
      value: { delivery, attempt: 1, number, data: '1' },
    });
    const value = { delivery: 1n, attempt: 1, id: '', status: 'success', data: '1', error: '' };
    for (const each of [progress(1n, 1), progress(2n, 1), progress(1n, 2), { tag: 'Respond', value } as const]) {
      acts.perform(each);
    }
    acts.resume({ perform: each => Promise.resolve(void calls.push(each.map(({ tag }) => tag))) });
    await acts.flushed();
    expect(calls).toEqual([['Progress', 'Progress'], ['Progress'], ['Respond']]);
  });
});

describe('a connection that is lost while it opens', () => {
  test('keeps no act in flight: the next connection carries it', async () => {
    const acts = new Acts(queueMicrotask);
    const settled: number[] = [];
    acts.perform(act(1), () => settled.push(1));
    acts.resume({ perform: () => Promise.reject(new ConnectionError('connection/lost', 'lost')) });
    await new Promise(setImmediate);
    expect(settled).toEqual([]);
    acts.resume({ perform: () => Promise.resolve() });
    await acts.flushed();
    expect(settled).toEqual([1]);
  });
});

describe('a withdrawn act', () => {
  test('is neither performed nor settled if it was unsent', async () => {
    const acts = new Acts(queueMicrotask);
    const [first, second, third] = [act(1), act(2), act(3)];
    const calls: number[][] = [];
    const settled: number[] = [];
    for (const each of [first, second, third]) acts.perform(each, () => settled.push(numberOf(each)));
    expect(acts.withdraw(second)).toBe(true);
    expect(acts.withdraw(second)).toBe(false);
    acts.resume({ perform: each => Promise.resolve(void calls.push(each.map(numberOf))) });
    await acts.flushed();
    expect(acts.withdraw(first)).toBe(false);
    expect(calls).toEqual([[1, 3]]);
    expect(settled).toEqual([1, 3]);
  });
});
