import { setImmediate } from 'node:timers/promises';
import { expect, test } from 'vitest';
import { BulkReads, type BulkReader } from './bulk-reads.ts';

const MIB = 1024 * 1024;

class Reader implements BulkReader {
  isPaused = false;

  pauseReading(): void {
    this.isPaused = true;
  }

  resumeReading(): void {
    this.isPaused = false;
  }
}

test('a connection pauses when the bytes of a turn are used up, and continues in the next turn', async () => {
  const reads = new BulkReads();
  const [first, second] = [new Reader(), new Reader()];
  reads.note(first, 2 * MIB);
  expect(first.isPaused).toBe(false);
  reads.note(second, 1);
  reads.note(first, 1);
  expect([first.isPaused, second.isPaused]).toEqual([true, true]);
  await setImmediate();
  expect([first.isPaused, second.isPaused]).toEqual([false, false]);
  reads.note(first, 2 * MIB);
  expect(first.isPaused).toBe(false);
});

test('connections continue in order, a bounded number in a turn', async () => {
  const reads = new BulkReads();
  const readers = Array.from({ length: 70 }, () => new Reader());
  for (const reader of readers) reads.note(reader, 3 * MIB);
  const paused = () => readers.flatMap(({ isPaused }, at) => (isPaused ? [at] : []));
  await setImmediate();
  expect([paused().length, paused()[0]]).toEqual([38, 32]);
  await setImmediate();
  expect(paused()).toEqual([64, 65, 66, 67, 68, 69]);
  await setImmediate();
  expect(paused()).toEqual([]);
});

test('a closed connection gets no turn', async () => {
  const reads = new BulkReads();
  const reader = new Reader();
  reads.note(reader, 3 * MIB);
  reads.remove(reader);
  await setImmediate();
  expect(reader.isPaused).toBe(true);
});
