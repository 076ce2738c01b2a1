// Watchdog: stops a module that runs too long or takes too much memory, although everything runs on one thread.
//
// Running code can only be terminated from another thread, and then it unwinds without `catch` or `finally` up to an engine
// frame that accepts the termination. Node has two such frames: `vm` with a timeout, which starts a thread for every call
// (145 µs), and the inspector's `evaluate` (8 µs, or 30 µs for cold code). So a worker watches and terminates through the
// inspector, and `guard` is the frame; the clients' requests of one turn of the event loop share one `guard`.
//
// I1: only the module's code is ever cut off, never the host's. A system call first sets `inGuest` to 0 and then reads
//     `stop`; the worker sets `stop` and then reads `inGuest`. So one of the two sees the other's write. System calls are
//     hot, so they use plain writes, and the worker reads some milliseconds later, when every processor has flushed them.
// I2: once `stop` is set the call ends in no other way: the host waits for the cut.

import { Session } from 'node:inspector';
import { isMainThread, Worker } from 'node:worker_threads';
import { assert } from '../errors.ts';
import { runWatchdogWorker, type WatchStart, type WatchWords } from './watchdog-worker.ts';

/** Limits of one call of a module. */
export interface CallLimits {
  /** Computing time; waiting for an HTTP response does not count. */
  readonly callMs: number;
  /** Growth of the process memory during the call, sampled every 10 ms, so the limit is not exact. */
  readonly callBytes: number;
}

/** Why a call was stopped. */
export type StopReason = 'too-long' | 'too-much-memory';

const AT: WatchWords = { call: 0, inGuest: 1, isWaiting: 2, stop: 3, maxMs: 4, maxMebibytes: 5 };
const REASONS: readonly (StopReason | undefined)[] = [undefined, 'too-long', 'too-much-memory'];
const MEBIBYTE = 1024 * 1024;
const MAX_INT32 = 2 ** 31 - 1;

/** The global under which the inspector finds the work to run; modules have another global object. */
const HOOK = '__agora_guarded__';

/** The watchdog of a process: all modules run on one thread. */
export class Watchdog {
  static #only: Watchdog | undefined;

  /** The shared memory, for `sealed-system-calls.ts` only. */
  readonly words = new Int32Array(new SharedArrayBuffer(4 * Object.keys(AT).length));
  readonly inGuest = AT.inGuest;
  readonly #session = new Session();
  #work: (() => void) | undefined;
  #depth = 0;

  /** Undefined where watching is impossible: the inspector reaches the main thread only. */
  static get(): Watchdog | undefined {
    if (!isMainThread) return undefined;
    this.#only ??= new Watchdog();
    return this.#only;
  }

  private constructor() {
    this.#session.connect();
    Object.defineProperty(globalThis, HOOK, { value: () => this.#work?.() });
    const workerData: WatchStart = { words: this.words, at: AT };
    const worker = new Worker(`(${String(runWatchdogWorker)})()`, { eval: true, workerData, stdin: false });
    worker.unref();
  }

  /**
   * Runs `work`, which calls the module, and returns why it was stopped, or undefined. Exceptions of `work` pass through.
   * The frames between `work` and the module are cut off with it; calls may be nested.
   */
  guard(work: () => void): StopReason | undefined {
    let failure: { readonly thrown: unknown } | undefined;
    let isDone = false;
    const outer = this.#work;
    const depth = this.#depth;
    this.#work = () => {
      try {
        work();
      } catch (thrown) {
        failure = { thrown };
      }
      isDone = true;
    };
    this.#session.post('Runtime.evaluate', { expression: `${HOOK}()` });
    this.#work = outer;
    this.#depth = depth;
    if (failure) throw failure.thrown;
    if (isDone) return undefined;
    const reason = REASONS[this.words[AT.stop] ?? 0];
    assert(reason, 'a call is cut off for a reason');
    // After a nested call the outer call still runs, in the host.
    Atomics.store(this.words, AT.inGuest, 0);
    if (depth === 0) this.#finish();
    Atomics.store(this.words, AT.stop, 0);
    return reason;
  }

  /** Marks the start of a call of the module; its code runs from here on. */
  begin({ callMs, callBytes }: CallLimits): void {
    const words = this.words;
    if (this.#depth++ === 0) {
      words[AT.maxMs] = Math.min(callMs, MAX_INT32);
      words[AT.maxMebibytes] = Math.min(callBytes / MEBIBYTE, MAX_INT32);
      words[AT.call] = ((words[AT.call] ?? 0) + 1) | 0;
    }
    Atomics.store(words, AT.inGuest, 1);
  }

  /** Marks the end of the call. */
  end(): void {
    this.enterHost();
    if (--this.#depth === 0) this.#finish();
  }

  /** Marks the entry of a system call: from here on nothing is cut off. */
  enterHost(): void {
    const words = this.words;
    words[AT.inGuest] = 0;
    if (words[AT.stop] !== 0) this.#waitForCut();
  }

  /** Runs `work` for which the call waits; that time does not count. */
  pause<T>(wait: () => T): T {
    this.words[AT.isWaiting] = 1;
    try {
      return wait();
    } finally {
      this.words[AT.isWaiting] = 0;
    }
  }

  #finish(): void {
    const words = this.words;
    words[AT.call] = ((words[AT.call] ?? 0) + 1) | 0;
  }

  #waitForCut(): never {
    Atomics.store(this.words, AT.inGuest, 1);
    for (;;) Atomics.load(this.words, AT.stop);
  }
}
