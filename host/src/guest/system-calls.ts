// System calls of a realm on the host's side, and the results of calls of the module.

import type { Datastore } from '../datastore/datastore.ts';
import type { Transaction } from '../datastore/transaction.ts';
import { HostError } from '../errors.ts';
import type { Activation, GuestHooks } from './activation.ts';
import { CallState } from './call-state.ts';
import { FAILED_BIG, type HostSide } from './host-side.ts';
import { RowCalls } from './row-calls.ts';
import { requireStackForCommit } from './stack-reserve.ts';

const EMPTY = new Uint8Array(0);

/** Limit of console timers; a further one replaces the oldest. */
const MAX_TIMERS = 1024;

/** The running calls at one moment. */
export interface CallMark {
  readonly running: Activation | undefined;
  readonly openIterators: number;
}

/** A moment without running calls. */
export const NO_CALLS: CallMark = { running: undefined, openIterators: 0 };

/** Handles the system calls of one realm. */
export class SystemCalls implements HostSide {
  readonly rows: RowCalls;
  readonly #state = new CallState();
  readonly #hooks: GuestHooks;
  readonly #timers = new Map<number, { readonly name: string; readonly startedAt: number }>();
  #lastTimer = 0;
  #outbox: Uint8Array = EMPTY;
  #httpBody: Uint8Array = EMPTY;
  /** The position in the module that a stack points to. */
  readonly #lineOf: (stack: string) => number | undefined;

  results: readonly [Uint8Array, Uint8Array] = [EMPTY, EMPTY];
  thrown = { message: '', text: '', stack: '' };

  constructor(hooks: GuestHooks, lineOf: (stack: string) => number | undefined) {
    this.#hooks = hooks;
    this.#lineOf = lineOf;
    this.rows = new RowCalls(this.#state, hooks);
  }

  set datastore(datastore: Datastore) {
    this.#state.datastore = datastore;
  }

  /** Calls the module as the running function; returns the fatal error of the call, even if the module caught it. */
  run(activation: Activation, call: () => number): { readonly ended: number; readonly fatal: string | undefined } {
    const state = this.#state;
    const { running, fatal } = state;
    const { openCount } = state.iterators;
    state.running = activation;
    state.fatal = undefined;
    const { watch } = this.#hooks;
    try {
      watch?.watchdog.begin(watch.limits);
      const ended = call();
      watch?.watchdog.end();
      return { ended, fatal: state.fatal };
    } finally {
      state.iterators.releaseFrom(openCount);
      state.running = running;
      state.fatal = fatal;
    }
  }

  /** Returns true while a function of the module runs. */
  get isRunning(): boolean {
    return this.#state.running !== undefined;
  }
  /** The running calls, for `cutOff`. */
  mark(): CallMark {
    return { running: this.#state.running, openIterators: this.#state.iterators.openCount };
  }
  /** Removes the calls since the mark, which never ended. */
  cutOff({ running, openIterators }: CallMark): void {
    const state = this.#state;
    state.iterators.releaseFrom(openIterators);
    state.running = running;
    state.fatal = undefined;
  }

  errno(): number {
    return this.#state.errno;
  }
  reason(): string {
    return this.#state.reason;
  }
  neededBytes(): number {
    return this.#state.neededBytes;
  }

  scheduleImmediate(reducer: string, buffer: ArrayBuffer, offset: number, length: number): number {
    try {
      this.#hooks.scheduleImmediate(reducer, this.#state.memory.copy(buffer, offset, length));
      return 0;
    } catch (cause) {
      return this.#state.fail(cause);
    }
  }
  log(level: number, message: string, stack: string): number {
    const functionName = this.#state.running?.functionName;
    this.#hooks.log({ level, message, functionName, line: this.#lineOf(stack) });
    return 0;
  }
  startTimer(name: string): number {
    this.#timers.set(++this.#lastTimer, { name, startedAt: this.#hooks.monotonic() });
    const [oldest] = this.#timers.keys();
    if (this.#timers.size > MAX_TIMERS && oldest !== undefined) this.#timers.delete(oldest);
    return this.#lastTimer;
  }
  endTimer(id: number): number {
    const timer = this.#timers.get(id);
    if (!timer) return this.#state.fail(new HostError('call/no-such-timer'));
    this.#timers.delete(id);
    const spentMs = this.#hooks.monotonic() - timer.startedAt;
    this.log(2, `Timing span "${timer.name}": ${spentMs.toFixed(3)}ms`, '');
    return 0;
  }
  identity(): bigint {
    return this.#hooks.identity;
  }

  jwtPayload(connectionId: bigint): number {
    try {
      this.#state.tx();
      this.#outbox = this.#hooks.claimsOf(connectionId) ?? EMPTY;
      return this.#outbox.length;
    } catch (cause) {
      return this.#state.fail(cause);
    }
  }
  take(buffer: ArrayBuffer): number {
    return this.#fill(buffer, this.#outbox);
  }
  #fill(buffer: ArrayBuffer, content: Uint8Array): number {
    try {
      this.#state.memory.fill(buffer, content);
      return 0;
    } catch (cause) {
      return this.#state.fail(cause);
    }
  }
  httpRequest(
    request: ArrayBuffer,
    requestOffset: number,
    requestLength: number,
    bodyText: string | undefined,
    body: ArrayBuffer,
    bodyOffset: number,
    bodyLength: number,
  ): number {
    try {
      const running = this.#state.activation();
      if (!running.control || running.tx) throw new HostError('call/would-block');
      const head = this.#state.memory.copy(request, requestOffset, requestLength);
      const content = bodyText ?? this.#state.memory.copy(body, bodyOffset, bodyLength);
      const fetch = () => this.#hooks.fetch(head, content);
      const reply = this.#hooks.watch ? this.#hooks.watch.watchdog.pause(fetch) : fetch();
      this.#outbox = reply.response;
      this.#httpBody = reply.body;
      return reply.response.length;
    } catch (cause) {
      return this.#state.fail(cause);
    }
  }
  httpBodyLength(): number {
    return this.#httpBody.length;
  }
  takeHttpBody(buffer: ArrayBuffer): number {
    const filled = this.#fill(buffer, this.#httpBody);
    this.#httpBody = EMPTY;
    return filled;
  }

  startTransaction(): bigint {
    requireStackForCommit();
    try {
      const running = this.#state.activation();
      if (!running.control || running.tx) throw new HostError('call/would-block');
      const { tx, timestamp } = running.control.begin();
      running.tx = tx;
      return timestamp;
    } catch (cause) {
      this.#state.failWrite(cause);
      return FAILED_BIG;
    }
  }
  commitTransaction(): number {
    return this.#endTransaction((control, tx) => control.commit(tx));
  }
  abortTransaction(): number {
    return this.#endTransaction((control, tx) => control.rollback(tx));
  }
  #endTransaction(end: (control: NonNullable<Activation['control']>, tx: Transaction) => void): number {
    requireStackForCommit();
    try {
      const running = this.#state.running;
      if (!running?.control || !running.tx) throw new HostError('call/not-anonymous');
      const { tx } = running;
      running.tx = undefined;
      end(running.control, tx);
      return 0;
    } catch (cause) {
      return this.#state.failWrite(cause);
    }
  }

  decodeUtf8(buffer: ArrayBuffer, offset: number, length: number, isFatal: boolean): string | undefined {
    try {
      return this.#state.memory.decode(buffer, offset, length, isFatal);
    } catch (cause) {
      this.#state.fail(cause);
      return undefined;
    }
  }
  encodeUtf8(text: string, buffer: ArrayBuffer): number {
    return this.#state.memory.encode(text, buffer);
  }
  utf8Length(text: string): number {
    return Buffer.byteLength(text);
  }

  result(buffer: ArrayBuffer, offset: number, length: number): number {
    try {
      this.results = [this.#state.memory.copy(buffer, offset, length), EMPTY];
      return 0;
    } catch (cause) {
      return this.#state.fail(cause);
    }
  }
  secondResult(buffer: ArrayBuffer, offset: number, length: number): number {
    try {
      this.results = [this.results[0], this.#state.memory.copy(buffer, offset, length)];
      return 0;
    } catch (cause) {
      return this.#state.fail(cause);
    }
  }
  threw(message: string, text: string, stack: string): number {
    this.thrown = { message, text, stack };
    return 0;
  }
}
