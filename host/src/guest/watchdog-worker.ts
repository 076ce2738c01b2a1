// Watchdog thread: measures the running time and memory growth of a call of the module, and stops it at its limits.
// It is started from the text of the function, like http-worker.ts, and therefore uses only its own lines.

import type { Session } from 'node:inspector';
import type { MessagePort } from 'node:worker_threads';

/** The words of the shared memory, all 32 bits. */
export interface WatchWords {
  /** Counts calls: while it stays the same and is odd, one call is running. */
  readonly call: number;
  /** 1 while the module's own code runs, or code that may be cut off too. */
  readonly inGuest: number;
  /** 1 while the call waits for an HTTP response; that time does not count. */
  readonly isWaiting: number;
  /** Why the call is being stopped: 0 it is not, 1 too long, 2 too much memory. */
  readonly stop: number;
  readonly maxMs: number;
  readonly maxMebibytes: number;
}

/** The start data of the worker. */
export interface WatchStart {
  readonly words: Int32Array;
  readonly at: WatchWords;
}

/** The worker. */
export function runWatchdogWorker(): void {
  const { workerData, parentPort } = process.getBuiltinModule('node:worker_threads') as {
    workerData: unknown;
    parentPort: MessagePort | null;
  };
  const inspector = process.getBuiltinModule('node:inspector');
  const fs = process.getBuiltinModule('node:fs');
  const { words, at } = workerData as WatchStart;
  const IDLE_MS = 200;
  const BUSY_MS = 10;
  /**
   * V8 does not check for interrupts in some loops that only call its own functions, not even for `vm` or
   * `Worker.terminate`. A supervisor can restart an ended process but cannot help a hanging one.
   */
  const STUCK_MS = 10_000;
  /** The maximum delay until a write of the other thread is visible here. */
  const SEEN_MS = 5;

  let watched = 0;
  let countedMs = 0;
  let bytesBefore = 0;
  let lookedAt = performance.now();

  /** The limit that the running call exceeds. */
  const verdict = (): number => {
    const now = performance.now();
    const passedMs = now - lookedAt;
    lookedAt = now;
    const call = Atomics.load(words, at.call);
    if (call % 2 === 0) return 0;
    if (call !== watched) {
      watched = call;
      countedMs = 0;
      bytesBefore = process.memoryUsage.rss();
      return 0;
    }
    // Time in which the machine slept does not count.
    if (Atomics.load(words, at.isWaiting) === 0) countedMs += Math.min(passedMs, IDLE_MS * 2);
    if (countedMs > Atomics.load(words, at.maxMs)) return 1;
    const grownMebibytes = (process.memoryUsage.rss() - bytesBefore) / 1048576;
    return grownMebibytes > Atomics.load(words, at.maxMebibytes) ? 2 : 0;
  };

  /** Stops the call while its own code runs, never while the host works for it. */
  const stop = () => {
    if (Atomics.load(words, at.inGuest) === 0) {
      setTimeout(stop, 1);
      return;
    }
    // The session is open only for this, because it keeps the process alive.
    const session: Session = new inspector.Session();
    session.connectToMainThread();
    // Sent once: a second cut could arrive after the first and hit the host.
    session.post('Runtime.terminateExecution', () => undefined);
    const beganAt = performance.now();
    const waiting = setInterval(() => {
      if (Atomics.load(words, at.stop) === 0) {
        clearInterval(waiting);
        session.disconnect();
        look();
      } else if (performance.now() - beganAt > STUCK_MS) {
        fs.writeSync(2, 'the module does not end and cannot be stopped: the process ends in its place\n');
        process.kill(process.pid, 'SIGKILL');
      }
    }, 2);
  };
  const look = () => {
    const reason = verdict();
    if (reason !== 0) {
      Atomics.store(words, at.stop, reason);
      setTimeout(stop, SEEN_MS);
      return;
    }
    setTimeout(look, Atomics.load(words, at.call) % 2 === 0 ? IDLE_MS : BUSY_MS);
  };
  parentPort?.postMessage('watching');
  look();
}
