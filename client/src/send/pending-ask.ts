// An open ask: a promise of its answer, and its progress signals until then.
//
// I1  Signals are delivered in the order of their numbers, each once, also across a reconnect.
// I2  Missing signals are read from the hub, which keeps the last 64; deleted ones are skipped and counted.
// I3  The buffer of undelivered signals is bounded; the oldest are dropped first.

import type { Answer, PendingAnswer, ProgressSignal } from '../wire/answer.ts';
import { AgoraError } from '../base/errors.ts';

/** The calls to the hub that an open ask needs. */
export interface PendingSource {
  /** Returns the signals after a number, in order. */
  readSignals(after: number): Promise<readonly ProgressSignal[]>;
  cancel(reason: string): Promise<void>;
}

/** Initial state of an open ask. */
export interface PendingOptions {
  readonly messageId: string;
  readonly answer: Promise<Answer>;
  readonly source: PendingSource;
  /** Number of the last delivered signal, for an ask that continues with a reply. */
  readonly lastSignal?: number | undefined;
  readonly onProgress?: ((signal: ProgressSignal) => void) | undefined;
}

const MAX_BUFFERED = 1_024;

/**
 * The answer to an ask as a promise, and its progress as an async iterable. The loop ends with the ask; awaiting the promise
 * returns the outcome.
 */
export class PendingAsk<Data = unknown> implements PendingAnswer<Data> {
  readonly [Symbol.toStringTag] = 'PendingAnswer';
  /** Id of the ask. */
  readonly messageId: string;
  readonly #answer: Promise<Answer<Data>>;
  readonly #source: PendingSource;
  readonly #onProgress: ((signal: ProgressSignal) => void) | undefined;
  readonly #buffer: ProgressSignal[] = [];
  #last: number;
  #missed = 0;
  /** Number of all signals, once the ask has ended. */
  #sent = 0;
  /** Signals after a gap that is being filled. */
  readonly #early: ProgressSignal[] = [];
  #filling: Promise<void> | undefined;
  #isOver = false;
  #isIterated = false;
  /** Its loop was left, so further signals are dropped. */
  #isLeft = false;
  #wakeUp: (() => void) | undefined;

  constructor({ messageId, answer, source, lastSignal = 0, onProgress }: PendingOptions) {
    this.messageId = messageId;
    this.#answer = answer as Promise<Answer<Data>>; // the schema of its type has read it
    this.#source = source;
    this.#last = lastSignal;
    this.#onProgress = onProgress;
    const over = () => void this.#end();
    answer.then(over, over);
  }

  /** Number of the last delivered signal. */
  get lastSignal(): number {
    return this.#last;
  }

  /** Number of signals that could not be delivered, since the hub no longer kept them. */
  get missedSignals(): number {
    return this.#missed;
  }

  /** The ask has ended after `count` signals. */
  sent(count: number): void {
    this.#sent = count;
  }

  then<A = Answer<Data>, B = never>(
    resolved?: ((answer: Answer<Data>) => A | PromiseLike<A>) | null,
    rejected?: ((reason: unknown) => B | PromiseLike<B>) | null,
  ): Promise<A | B> {
    return this.#answer.then(resolved, rejected);
  }

  catch<B = never>(rejected?: ((reason: unknown) => B | PromiseLike<B>) | null): Promise<Answer<Data> | B> {
    return this.#answer.catch(rejected);
  }

  finally(settled?: (() => void) | null): Promise<Answer<Data>> {
    return this.#answer.finally(settled);
  }

  /** Cancels the ask: the handler's signal aborts, and the answer rejects with `delivery/cancelled`. */
  cancel(reason = ''): Promise<void> {
    return this.#source.cancel(reason);
  }

  /** Delivers a signal that the hub has shown. */
  signal(signal: ProgressSignal): void {
    if (signal.seq <= this.#last || this.#isOver) return;
    if (!this.#filling && signal.seq === this.#last + 1) return this.#deliver(signal);
    if (this.#early.length >= MAX_BUFFERED) this.#early.shift();
    this.#early.push(signal);
    this.#filling ??= this.#fill();
  }

  [Symbol.asyncIterator](): AsyncIterator<ProgressSignal> {
    if (this.#isIterated) throw new AgoraError('client/bad-option', 'another loop reads the progress of this ask');
    this.#isIterated = true;
    return {
      next: async () => {
        for (;;) {
          const value = this.#buffer.shift();
          if (value) return { done: false, value };
          if (this.#isOver || this.#isLeft) return { done: true, value: undefined };
          await new Promise<void>(resolve => (this.#wakeUp = resolve));
        }
      },
      return: () => {
        this.#isLeft = true;
        this.#buffer.length = 0;
        this.#wake();
        return Promise.resolve({ done: true, value: undefined });
      },
    };
  }

  /** Reads the signals that the hub has shown before. */
  catchUp(): Promise<void> {
    this.#filling ??= this.#fill();
    return this.#filling;
  }

  async #fill(): Promise<void> {
    do {
      const asked = this.#early.length;
      // The read may fail, since the ask may have ended, and its signals with it.
      const missing = await this.#source.readSignals(this.#last).catch(() => []);
      for (const each of missing) if (each.seq > this.#last) this.#deliver(each);
      // Gaps before signals that were shown before the read can no longer be filled.
      for (const each of this.#early.splice(0, asked)) if (each.seq > this.#last) this.#deliver(each);
      while (this.#early[0] && this.#early[0].seq <= this.#last + 1) {
        const next = this.#early.shift();
        if (next && next.seq > this.#last) this.#deliver(next);
      }
    } while (this.#early.length > 0);
    this.#filling = undefined;
  }

  async #end(): Promise<void> {
    await this.#filling;
    if (this.#sent > this.#last) this.#missed += this.#sent - this.#last;
    this.#isOver = true;
    this.#wake();
  }

  #deliver(signal: ProgressSignal): void {
    this.#missed += signal.seq - this.#last - 1;
    this.#last = signal.seq;
    if (this.#onProgress) return this.#onProgress(signal);
    if (this.#isLeft) return;
    if (this.#buffer.length >= MAX_BUFFERED) this.#buffer.shift();
    this.#buffer.push(signal);
    this.#wake();
  }

  #wake(): void {
    const wakeUp = this.#wakeUp;
    this.#wakeUp = undefined;
    wakeUp?.();
  }
}
