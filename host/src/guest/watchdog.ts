// Stops a module that runs too long or takes too much memory, although everything is one thread.
//
// Running code can only be cut off from outside, and then it unwinds without a `catch` or `finally` up to a frame of the
// engine that takes the cut. Node has two such frames: `vm` with a timeout, which starts a thread for every call (145 µs),
// and the inspector's `evaluate` (8 µs, or 30 µs when the code is cold). So a worker watches, cuts through the inspector, and `guard` takes it; clients'
// requests share one `guard` a turn of the event loop.
//
// I1: only the module's code is ever cut off, never the host's. Whoever crosses the door says so first and reads the sign
//     `stop` after that; the worker puts up the sign and then reads who runs. So one of the two sees the other. The door is
//     hot, so it writes plainly, and the worker looks some milliseconds later, when any processor has written out.
// I2: once the sign is up the call does not end any other way: the host waits for the cut.

import { Session } from 'node:inspector';
import { isMainThread, Worker } from 'node:worker_threads';
import { assert } from '../errors.ts';
import { runWatchdogWorker, type WatchStart, type WatchWords } from './watchdog-worker.ts';

/** How far one call of a module may go. */
export interface CallLimits {
  /** How long it may compute; waiting for an HTTP answer does not count. */
  readonly callMs: number;
  /** How much the memory of the process may grow meanwhile. It is looked at every 10 ms, so this is no sharp line. */
  readonly callBytes: number;
}

/** Why a call was stopped. */
export type StopReason = 'too-long' | 'too-much-memory';

const AT: WatchWords = { call: 0, inGuest: 1, isWaiting: 2, stop: 3, maxMs: 4, maxMebibytes: 5 };
const REASONS: readonly (StopReason | undefined)[] = [undefined, 'too-long', 'too-much-memory'];
const MEBIBYTE = 1024 * 1024;
const MAX_INT32 = 2 ** 31 - 1;

/** Where the inspector finds what it shall run; modules have another global object. */
const HOOK = '__agora_guarded__';

/** The one watchdog of a process: there is one thread that modules run on. */
export class Watchdog {
  static #only: Watchdog | undefined;

  /** The shared memory, for the door alone: see `guarded`. */
  readonly words = new Int32Array(new SharedArrayBuffer(4 * Object.keys(AT).length));
  readonly inGuest = AT.inGuest;
  readonly #session = new Session();
  #work: (() => void) | undefined;
  #depth = 0;

  /** Undefined where nothing can be watched: the inspector reaches the main thread only. */
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
   * Runs what calls the module, and says why it was stopped, or undefined. What `work` throws is thrown on. Frames between
   * `work` and the module are cut off with it; calls may be nested.
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
    // Whoever called a module that called another is still on its way, in the host.
    Atomics.store(this.words, AT.inGuest, 0);
    if (depth === 0) this.#finish();
    Atomics.store(this.words, AT.stop, 0);
    return reason;
  }

  /** A call of a module begins; its code runs from here on. */
  begin({ callMs, callBytes }: CallLimits): void {
    const words = this.words;
    if (this.#depth++ === 0) {
      words[AT.maxMs] = Math.min(callMs, MAX_INT32);
      words[AT.maxMebibytes] = Math.min(callBytes / MEBIBYTE, MAX_INT32);
      words[AT.call] = ((words[AT.call] ?? 0) + 1) | 0;
    }
    Atomics.store(words, AT.inGuest, 1);
  }

  /** The call is over, one way or another. */
  end(): void {
    this.enterHost();
    if (--this.#depth === 0) this.#finish();
  }

  /** The module's code called the host: from here on nothing is cut off. */
  enterHost(): void {
    const words = this.words;
    words[AT.inGuest] = 0;
    if (words[AT.stop] !== 0) this.#waitForCut();
  }

  /** The same call, with its time in the host kept apart. */
  guarded<Args extends unknown[], Result>(call: (...args: Args) => Result): (...args: Args) => Result {
    const { words, inGuest } = this;
    return (...args) => {
      try {
        this.enterHost();
        return call(...args);
      } finally {
        // Not by a function of ours: there may be no stack left for one.
        words[inGuest] = 1;
      }
    };
  }

  /** Does what the call waits for: such time does not count. */
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
