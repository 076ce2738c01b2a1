// Batches the acts of one tick into one call.
//
// I1  At most one call is in flight; later acts wait for the next one.
// I2  A call has at most 256 acts and 1 MiB, and acts keep their order.
// I3  An act is settled exactly once: by the call that carried it, by its own refusal, or by the loss of the connection.
// I4  A refusal settles the refused act alone; the others are sent again, one by one after their second refused call.
// I5  A batch of the caller is one call: all or nothing.
// I6  Two signals of one delivery, or a signal and the answer, never go in one call: only the last would be shown.
//
// This path is hot: acts are settled by callbacks, and nothing is allocated for one but its entry.

import type { DbConnection } from '@agora/bindings';
import { LIMITS } from '@agora/module/contract';
import { AgoraError, ConnectionError, TimeoutError, toAgoraError } from '../base/errors.ts';

/** One act of an agent, as the reducer `performActs` takes it. */
export type Act = Parameters<DbConnection['reducers']['performActs']>[0]['acts'][number];

/** Called once: after the commit of an act, or with the reason of its refusal. */
export type Settled = (error: AgoraError | undefined) => void;

/** Carries one call to the server. */
export interface Carrier {
  perform(acts: Act[]): Promise<void>;
}

interface Entry {
  /** The acts of a batch; otherwise one act, after its fence if it has one. */
  readonly acts: readonly Act[];
  readonly bytes: number;
  readonly isBatch: boolean;
  /** It survives any loss of the connection: no caller waits for it, and it must not get lost. */
  readonly isKept: boolean;
  readonly settled: Settled | undefined;
  /** Number of its calls that were refused because of another act. */
  refusedCalls: number;
}

const MAX_BYTES = 1024 * 1024;
/** The most acts that wait for the connection. */
export const MAX_QUEUED = 100_000;
const SINGLY_AFTER = 2;

/** Sends the acts of a client to the hub: all acts of a tick go in one call, in order. */
export class Acts {
  #carrier: Carrier | undefined;
  /** A queue with a moving head, so that taking from it does not move the rest. */
  #queue: Entry[] = [];
  #head = 0;
  #inFlight: Entry[] | undefined;
  #isScheduled = false;
  #end: AgoraError | undefined;
  #flushes: (() => void)[] = [];
  readonly #schedule: (flush: () => void) => void;
  readonly #flush = (): void => this.#sendNext();

  constructor(schedule: (flush: () => void) => void = afterThisTick) {
    this.#schedule = schedule;
  }

  /** Number of entries that wait or are in flight. */
  get size(): number {
    return this.#queue.length - this.#head + (this.#inFlight?.length ?? 0);
  }

  /** Settles once no entry waits or is in flight. */
  flushed(): Promise<void> {
    if (this.size === 0) return Promise.resolve();
    return new Promise(resolve => this.#flushes.push(resolve));
  }

  /** Adds an act. A `kept` one survives a lost connection; `giveUp` rejects the others. With a `fence`, both are performed or none. */
  perform(act: Act, settled?: Settled, options?: { readonly kept: boolean; readonly fence?: Act | undefined }): void {
    const fence = options?.fence;
    this.#add({
      acts: fence ? [fence, act] : [act],
      bytes: byteCost(act) + (fence ? byteCost(fence) : 0),
      isBatch: false,
      isKept: options?.kept ?? false,
      settled,
      refusedCalls: 0,
    });
  }

  /** Adds acts that are committed or refused together. */
  performBatch(acts: readonly Act[], settled: Settled): void {
    this.#add({ acts, bytes: MAX_BYTES, isBatch: true, isKept: false, settled, refusedCalls: 0 });
  }

  /** Withdraws an act, which is then never settled. Returns false if it was sent already. */
  withdraw(act: Act): boolean {
    const at = this.#queue.findIndex(
      (entry, index) => index >= this.#head && !entry.isBatch && entry.acts.at(-1) === act,
    );
    if (at < 0) return false;
    this.#queue.splice(at, 1);
    return true;
  }

  /** Starts sending over a new connection. */
  resume(carrier: Carrier): void {
    // A connection that is lost while it opens causes no `pause`.
    this.pause();
    this.#carrier = carrier;
    this.#wake();
  }

  /** Stops sending after a loss. The call in flight goes first on the next connection, since its outcome is unknown. */
  pause(): void {
    this.#carrier = undefined;
    const lost = this.#inFlight;
    this.#inFlight = undefined;
    if (lost) this.#putBack(lost);
  }

  /** Rejects all acts with a waiting caller, after a long loss. */
  giveUp(error: AgoraError): void {
    this.#reject(error, entry => !entry.isKept);
  }

  /** Rejects all acts, also future ones. */
  end(error: AgoraError): void {
    this.#end = error;
    this.#reject(error, () => true);
    this.#resolveFlushed();
  }

  #reject(error: AgoraError, isGivenUp: (entry: Entry) => boolean): void {
    const waiting = this.#queue.slice(this.#head);
    this.#queue = waiting.filter(entry => !isGivenUp(entry));
    this.#head = 0;
    for (const entry of waiting) if (isGivenUp(entry)) entry.settled?.(error);
  }

  #add(entry: Entry): void {
    if (this.#end) {
      entry.settled?.(this.#end);
      return;
    }
    if (!entry.isKept && this.size >= MAX_QUEUED) {
      const sentence = `${MAX_QUEUED} calls wait for the connection; wait for some of them before you make more`;
      entry.settled?.(new AgoraError('client/queue-full', sentence));
      return;
    }
    this.#queue.push(entry);
    this.#wake();
  }

  #wake(): void {
    if (this.#isScheduled || this.#inFlight || !this.#carrier || this.#head === this.#queue.length) return;
    this.#isScheduled = true;
    this.#schedule(this.#flush);
  }

  #sendNext(): void {
    this.#isScheduled = false;
    const carrier = this.#carrier;
    if (!carrier || this.#inFlight) return;
    const entries = this.#takeNext();
    if (entries.length === 0) return;
    this.#inFlight = entries;
    const acts = entries.length === 1 ? [...(entries[0]?.acts ?? [])] : entries.flatMap(entry => entry.acts);
    carrier.perform(acts).then(
      () => this.#committed(entries),
      (error: unknown) => this.#failed(entries, error),
    );
  }

  /** Removes the entries of the next call from the queue. */
  #takeNext(): Entry[] {
    const entries: Entry[] = [];
    let acts = 0;
    let bytes = 0;
    let signalled: Set<bigint> | undefined;
    while (this.#head < this.#queue.length) {
      const entry = this.#queue[this.#head];
      if (!entry) break;
      const isAlone = entry.isBatch || entry.refusedCalls >= SINGLY_AFTER;
      const isFull = acts + entry.acts.length > LIMITS.acts || bytes + entry.bytes > MAX_BYTES;
      if (entries.length > 0 && (isAlone || isFull)) break;
      const act = entry.acts.at(-1);
      if (act?.tag === 'Progress' || (act?.tag === 'Respond' && signalled)) {
        if (signalled?.has(act.value.delivery)) break;
        (signalled ??= new Set()).add(act.value.delivery);
      }
      entries.push(entry);
      acts += entry.acts.length;
      bytes += entry.bytes;
      this.#head++;
      if (isAlone) break;
    }
    if (this.#head === this.#queue.length) {
      this.#queue = [];
      this.#head = 0;
    } else if (this.#head > 1_024) {
      this.#queue = this.#queue.slice(this.#head);
      this.#head = 0;
    }
    return entries;
  }

  #committed(entries: readonly Entry[]): void {
    if (this.#inFlight !== entries) return;
    this.#inFlight = undefined;
    // The next call leaves before the callbacks of this one run, so they overlap with its round trip.
    if (this.#head < this.#queue.length) this.#sendNext();
    for (const entry of entries) entry.settled?.(undefined);
    this.#resolveFlushed();
  }

  #failed(entries: readonly Entry[], thrown: unknown): void {
    // After a loss `pause` has put the entries back.
    if (this.#inFlight !== entries || thrown instanceof ConnectionError) return;
    this.#inFlight = undefined;
    const error = toAgoraError(thrown);
    if (error instanceof TimeoutError) return this.#timedOut(entries, error);
    const refused = new Map<number, AgoraError>();
    const isBatch = entries[0]?.isBatch === true;
    if (!isBatch) {
      const entryOf = entries.flatMap((entry, at) => entry.acts.map(() => at));
      for (const { act, code, message } of error.refusals) {
        const at = entryOf[act];
        // The first refusal of an entry counts: that of its fence.
        if (at !== undefined && !refused.has(at)) refused.set(at, new AgoraError(code, message, { cause: error }));
      }
    }
    // A call that failed as a whole failed because of an unknown act: each is tried alone.
    if (refused.size === 0 && entries.length === 1) refused.set(0, error);
    const again = entries.filter((_, at) => !refused.has(at));
    for (const entry of again) entry.refusedCalls += refused.size > 0 ? 1 : SINGLY_AFTER;
    this.#putBack(again);
    this.#wake();
    for (const [at, reason] of refused) entries[at]?.settled?.(reason);
    this.#resolveFlushed();
  }

  /** The outcome of a call without an answer is unknown: waiting callers are rejected, kept acts are sent again. */
  #timedOut(entries: readonly Entry[], error: AgoraError): void {
    this.#putBack(entries.filter(entry => entry.isKept));
    this.#wake();
    for (const entry of entries) if (!entry.isKept) entry.settled?.(error);
  }

  #resolveFlushed(): void {
    if (this.#flushes.length === 0 || this.size > 0) return;
    for (const flushed of this.#flushes.splice(0)) flushed();
  }

  #putBack(entries: readonly Entry[]): void {
    this.#queue = [...entries, ...this.#queue.slice(this.#head)];
    this.#head = 0;
  }
}

const utf8 = new TextEncoder();

/** An upper bound of the bytes of an act on the wire: exact for long texts, three a character for short ones. */
function byteCost(act: Act): number {
  switch (act.tag) {
    case 'Send':
      return 256 + textCost(act.value.payload) + textCost(act.value.headers) + act.value.to.length * 70;
    case 'Publish':
      return 256 + textCost(act.value.data);
    case 'Respond':
      return 128 + textCost(act.value.data) + textCost(act.value.error);
    case 'FinishStep':
      return 64 + textCost(act.value.output);
    case 'FailStep':
      return 64 + textCost(act.value.error);
    case 'Fail':
      return 64 + textCost(act.value.reason);
    case 'Progress':
      return 64 + textCost(act.value.data);
    case 'Reply':
      return 256 + textCost(act.value.payload);
    case 'FailBroadcast':
    case 'Cancel':
      return 128 + textCost(act.value.reason);
    case 'StartWorkflow':
      return 128 + textCost(act.value.definition);
    case 'Claim':
      return 256 + textCost(act.value.note) + act.value.resources.reduce((sum, { key }) => sum + textCost(key), 0);
    case 'UnwatchWorkflow':
    case 'ExtendClaim':
    case 'ReleaseClaim':
    case 'Fence':
      return 64;
    case 'Acknowledge':
    case 'AcknowledgeBroadcast':
    case 'Extend':
      return 32;
  }
}

function textCost(text: string): number {
  return text.length <= 1_024 ? text.length * 3 : utf8.encode(text).length;
}

/** Runs after all received frames and all handlers that end in this tick. Browsers have no equally early callback. */
const afterThisTick: (flush: () => void) => void =
  typeof setImmediate === 'function' ? flush => void setImmediate(flush) : flush => queueMicrotask(flush);
