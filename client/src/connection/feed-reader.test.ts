import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { FeedReader, type FeedPage } from './feed-reader.ts';

interface Row {
  readonly seq: bigint;
}

/** A growing log, read in pages. */
class Log {
  last = 0n;
  reads = 0;
  readonly #pageSize: bigint;

  constructor(pageSize = 4n) {
    this.#pageSize = pageSize;
  }

  append(): Row {
    return { seq: ++this.last };
  }

  readonly read = (after: bigint): Promise<FeedPage<Row>> => {
    this.reads++;
    const end = after + this.#pageSize < this.last ? after + this.#pageSize : this.last;
    const rows: Row[] = [];
    for (let seq = after + 1n; seq <= end; seq++) rows.push({ seq });
    return Promise.resolve({ rows, through: end > after ? end : after, last: this.last });
  };
}

async function take(reader: FeedReader<Row>, count: number): Promise<bigint[]> {
  const taken: bigint[] = [];
  while (taken.length < count) taken.push(...(await reader.read()).map(row => row.seq));
  return taken;
}

const upTo = (last: number) => Array.from({ length: last }, (_, at) => BigInt(at + 1));

describe('a feed', () => {
  test('returns live rows without reading the log', async () => {
    const log = new Log();
    const reader = new FeedReader<Row>(log.read, 0n, { isBehind: false });
    for (let n = 0; n < 3; n++) reader.push(log.append());
    expect(await take(reader, 3)).toEqual(upTo(3));
    expect(log.reads).toBe(0);
  });

  test('starts at its position, with the rows of the log', async () => {
    const log = new Log();
    for (let n = 0; n < 10; n++) log.append();
    const reader = new FeedReader<Row>(log.read, 7n, { isBehind: true });
    expect(await take(reader, 3)).toEqual([8n, 9n, 10n]);
  });

  test('reads a gap from the log', async () => {
    const log = new Log();
    const reader = new FeedReader<Row>(log.read, 0n, { isBehind: false });
    reader.push(log.append());
    log.append();
    log.append();
    reader.push(log.append());
    expect(await take(reader, 4)).toEqual(upTo(4));
  });

  test('I3: drops rows beyond its buffer and reads them again', async () => {
    const log = new Log(256n);
    const reader = new FeedReader<Row>(log.read, 0n, { isBehind: false });
    for (let n = 0; n < 5_000; n++) reader.push(log.append());
    expect(await take(reader, 5_000)).toEqual(upTo(5_000));
  });

  test('reads the log again after a failed read', async () => {
    const log = new Log();
    log.append();
    let isBroken = true;
    const read = (after: bigint) => (isBroken ? Promise.reject(new Error('lost')) : log.read(after));
    const reader = new FeedReader<Row>(read, 0n, { isBehind: true });
    await expect(reader.read()).rejects.toThrow('lost');
    isBroken = false;
    expect(await take(reader, 1)).toEqual([1n]);
  });

  test('reads again when a live row arrives during the read of a page without it', async () => {
    const log = new Log();
    const reader = new FeedReader<Row>(log.read, 0n, { isBehind: true });
    const reading = take(reader, 2);
    log.append();
    reader.push(log.append());
    expect(await reading).toEqual([1n, 2n]);
  });

  test('returns no rows once it is closed', async () => {
    const reader = new FeedReader<Row>(new Log().read, 0n, { isBehind: false });
    const reading = reader.read();
    reader.close();
    expect(await reading).toEqual([]);
  });

  test('I1, I2: returns every row once and in order for any mix of live, missed and repeated rows', async () => {
    const step = fc.constantFrom('shown', 'missed', 'twice', 'behind', 'read', 'read');
    await fc.assert(
      fc.asyncProperty(fc.array(step, { maxLength: 80 }), fc.integer({ min: 1, max: 5 }), async (steps, pageSize) => {
        const log = new Log(BigInt(pageSize));
        const reader = new FeedReader<Row>(log.read, 0n, { isBehind: true });
        const taken: bigint[] = [];
        let reading: Promise<void> | undefined;
        const read = () => {
          reading ??= reader.read().then(rows => {
            taken.push(...rows.map(row => row.seq));
            reading = undefined;
          });
        };
        for (const each of steps) {
          if (each === 'read') {
            read();
            await Promise.resolve();
          } else if (each === 'behind') reader.markBehind();
          else {
            const row = log.append();
            if (each !== 'missed') reader.push(row);
            if (each === 'twice') reader.push(row);
          }
        }
        // The next connection starts with the missed rows.
        reader.markBehind();
        while (taken.length < Number(log.last)) {
          read();
          await reading;
        }
        expect(taken).toEqual(upTo(Number(log.last)));
      }),
      { numRuns: 1_000 },
    );
  });
});
