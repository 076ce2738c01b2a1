// The monitor of isolated modules: a thread that ends the process of a module whose call takes too long or too much memory.
// It is started from the text of the function, like http-worker.ts, and therefore uses only its own lines.

import type { MessagePort } from 'node:worker_threads';

/** The words of the shared memory of one process, all 32 bits. */
export interface MonitorWords {
  /** Counts calls: while it stays the same and is odd, one call is running. */
  readonly call: number;
  /** 1 while the call waits for an HTTP response; that time does not count. */
  readonly isWaiting: number;
  /** Why the process was ended: 0 it was not, 1 too long, 2 too much memory. */
  readonly stop: number;
  readonly maxMs: number;
  readonly maxMebibytes: number;
}

/** A process to watch, or with `isOver` no longer. */
export interface Watched {
  readonly pid: number;
  readonly words: Int32Array;
  readonly isOver: boolean;
}

/** The worker. */
export function runMonitorWorker(): void {
  const { workerData, parentPort } = process.getBuiltinModule('node:worker_threads') as {
    workerData: unknown;
    parentPort: MessagePort | null;
  };
  const fs = process.getBuiltinModule('node:fs');
  const at = workerData as MonitorWords;
  const BUSY_MS = 10;
  const PAGES_PER_MEBIBYTE = 256;
  const watched = new Map<number, { readonly words: Int32Array; call: number; countedMs: number; isOver: boolean }>();
  parentPort?.on('message', ({ pid, words, isOver }: Watched) => {
    if (isOver) watched.delete(pid);
    else watched.set(pid, { words, call: 0, countedMs: 0, isOver: false });
  });

  /** The memory of a process; 0 where it cannot be read. */
  const mebibytesOf = (pid: number): number => {
    try {
      return Number(fs.readFileSync(`/proc/${pid}/statm`, 'utf8').split(' ')[1]) / PAGES_PER_MEBIBYTE;
    } catch {
      return 0;
    }
  };
  let lookedAt = performance.now();
  setInterval(() => {
    const now = performance.now();
    const passedMs = Math.min(now - lookedAt, 40 * BUSY_MS);
    lookedAt = now;
    for (const [pid, each] of watched) {
      const { words } = each;
      const call = Atomics.load(words, at.call);
      if (call !== each.call) each.countedMs = 0;
      else if (call % 2 !== 0 && Atomics.load(words, at.isWaiting) === 0) each.countedMs += passedMs;
      each.call = call;
      const isLong = call % 2 !== 0 && each.countedMs > Atomics.load(words, at.maxMs);
      const isLarge = call % 2 !== 0 && mebibytesOf(pid) > Atomics.load(words, at.maxMebibytes);
      if (!isLong && !isLarge) continue;
      Atomics.store(words, at.stop, isLong ? 1 : 2);
      watched.delete(pid);
      try {
        process.kill(pid, 'SIGKILL');
      } catch {
        // It has ended already.
      }
    }
  }, BUSY_MS);
}
