// A question on its way to its answer: a promise of it, and meanwhile the signals of progress, one after the other.
//
// I1  Signals are given in the order of their numbers, each once, also across a reconnect.
// I2  A hole is read from the hub, which keeps the last 64; what it no longer has is passed over.
// I3  What was not taken yet is bounded: the oldest go first.

import type { Answer, PendingAnswer, ProgressSignal } from '../wire/answer.ts';
import { AgoraError } from '../base/errors.ts';

/** What a pending answer asks of its client. */
export interface PendingSource {
  /** The signals after a number, in order. */
  readSignals(after: number): Promise<readonly ProgressSignal[]>;
  cancel(reason: string): Promise<void>;
}

/** How a pending answer begins. */
export interface PendingOptions {
  readonly messageId: string;
  readonly answer: Promise<Answer>;
  readonly source: PendingSource;
  /** The number of the last signal that was given before: a question goes on with a reply. */
  readonly lastSignal?: number | undefined;
  readonly onProgress?: ((signal: ProgressSignal) => void) | undefined;
}

const MAX_BUFFERED = 1_024;

/**
 * The answer to a question, sooner or later: a promise, and an iterable over its progress until then. The loop ends with
 * the question, however that ends; awaiting tells how.
 */
export class PendingAsk<Data = unknown> implements PendingAnswer<Data> {
  readonly [Symbol.toStringTag] = 'PendingAnswer';
  /** The id of the question. */
  readonly messageId: string;
  readonly #answer: Promise<Answer<Data>>;
  readonly #source: PendingSource;
  readonly #onProgress: ((signal: ProgressSignal) => void) | undefined;
  readonly #buffer: ProgressSignal[] = [];
  #last: number;
  /** What came beyond a hole that is being filled. */
  readonly #early: ProgressSignal[] = [];
  #filling: Promise<void> | undefined;
  #isOver = false;
  #isIterated = false;
  /** Its loop was left: nobody takes what comes. */
  #isLeft = false;
  #wakeUp: (() => void) | undefined;

  constructor({ messageId, answer, source, lastSignal = 0, onProgress }: PendingOptions) {
    this.messageId = messageId;
    this.#answer = answer as Promise<Answer<Data>>; // read by the schema of its type, where there is one
    this.#source = source;
    this.#last = lastSignal;
    this.#onProgress = onProgress;
    const over = () => void this.#end();
    answer.then(over, over);
  }

  /** The number of the last signal that was given. */
  get lastSignal(): number {
    return this.#last;
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

  /** Calls the question off: whoever works on it is told, and the answer rejects with `delivery/cancelled`. */
  cancel(reason = ''): Promise<void> {
    return this.#source.cancel(reason);
  }

  /** A signal was shown. */
  signal(signal: ProgressSignal): void {
    if (signal.seq <= this.#last || this.#isOver) return;
    if (!this.#filling && signal.seq === this.#last + 1) return this.#give(signal);
    if (this.#early.length >= MAX_BUFFERED) this.#early.shift();
    this.#early.push(signal);
    this.#filling ??= this.#fill();
  }

  [Symbol.asyncIterator](): AsyncIterator<ProgressSignal> {
    if (this.#isIterated) throw new AgoraError('client/bad-option', 'its progress is read by another loop already');
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

  async #fill(): Promise<void> {
    while (this.#early.length > 0) {
      const asked = this.#early.length;
      // Whatever the reading brings: the question may be over, and its signals with it.
      const missing = await this.#source.readSignals(this.#last).catch(() => []);
      for (const each of missing) if (each.seq > this.#last) this.#give(each);
      // What was shown before the hub was asked has no hole before it any more that could be filled.
      for (const each of this.#early.splice(0, asked)) if (each.seq > this.#last) this.#give(each);
      while (this.#early[0] && this.#early[0].seq <= this.#last + 1) {
        const next = this.#early.shift();
        if (next && next.seq > this.#last) this.#give(next);
      }
    }
    this.#filling = undefined;
  }

  async #end(): Promise<void> {
    await this.#filling;
    this.#isOver = true;
    this.#wake();
  }

  #give(signal: ProgressSignal): void {
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
