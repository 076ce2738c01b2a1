// Guest: the running module, loaded once and called many times.

import type { Datastore } from '../datastore/datastore.ts';
import { assert, HostError, messageOf } from '../errors.ts';
import type { Activation, GuestHooks, HttpReply } from './activation.ts';
import { compileBundle, MODULE_FILE, type CompiledBundle, type ScriptCache } from './bundle.ts';
import { NOT_A_MODULE, REFUSED, RETURNED, THREW, type RealmEntries } from './host-side.ts';
import { IsolatedRealm, type Isolation } from './isolated/isolated-realm.ts';
import { BOOT_TEXT, openRealm } from './realm.ts';
import { NO_CALLS, SystemCalls, type CallMark } from './system-calls.ts';
import { sealSystemCalls } from './sealed-system-calls.ts';
import type { CallLimits, StopReason } from './watchdog.ts';

/** Outcome of a function of the module. */
export type Ran<Value> =
  | { readonly kind: 'returned'; readonly value: Value }
  /** It threw a SenderError, whose text is for the caller. */
  | { readonly kind: 'refused'; readonly message: string }
  | { readonly kind: 'threw'; readonly thrown: Thrown };

/** An exception of the module, as text. */
export interface Thrown {
  /** The message alone. */
  readonly message: string;
  /** `Uncaught Name: message`. */
  readonly text: string;
  /** Frames in the module, innermost first: `name (spacetimedb_module:line:column)`. */
  readonly trace: readonly string[];
  readonly line: number | undefined;
  /** True if the host stopped the call because of its limits. */
  readonly wasStopped?: true;
  /** True if the host could not run the function at all. */
  readonly didNotRun?: true;
}

const NOTHING: Ran<undefined> = { kind: 'returned', value: undefined };
const NO_ARGS = new Uint8Array(0);
/** The entries of a module that rests; it is loaded before it is called. */
const NO_ENTRIES = {} as RealmEntries;
const STACK_ENDED = {
  message: 'Maximum call stack size exceeded',
  text: 'RangeError: Maximum call stack size exceeded',
  stack: '',
};

/** The part of a stack that is looked at. */
const MAX_STACK_CHARS = 64 * 1024;

/** After a module did not load again, the next attempt waits as many times as long as that one took. */
const RENEWAL_PAUSE = 9;

/** One instance of a module in its own realm. Calls are synchronous; a view may run inside a procedure's commit. */
export class Guest {
  readonly #hooks: GuestHooks;
  readonly #system: SystemCalls;
  readonly #compiled: CompiledBundle;
  #entries: RealmEntries;
  /** True after the realm was cut off during a call: the next call gets a fresh one. */
  #isSpent = false;
  /** True if the module was called since the last `restUnlessUsed`. */
  #wasUsed = true;
  #isolated: IsolatedRealm | undefined;
  #renewal: { readonly fault: Ran<never>; readonly notBefore: number } | undefined;
  #argsBuffer: ArrayBuffer | undefined;
  #args: Uint8Array = NO_ARGS;

  /** Evaluates a bundle. Throws `guest/invalid` with a sentence for the publisher. */
  static load(bundle: string, hooks: GuestHooks, cache?: ScriptCache): Guest {
    return new Guest(compileBundle(bundle, cache), hooks);
  }

  private constructor(compiled: CompiledBundle, hooks: GuestHooks) {
    this.#hooks = hooks;
    this.#compiled = compiled;
    this.#system = new SystemCalls(hooks, stack => this.#callerLine(stack));
    this.#entries = this.#evaluate();
  }

  /** A fresh instance of the module. Throws `guest/invalid`. */
  #evaluate(): RealmEntries {
    const { watch, isTrusted, isolation } = this.#hooks;
    if (isolation) return this.#isolate(isolation);
    const realm = openRealm(sealSystemCalls(this.#system, watch?.watchdog), isTrusted);
    const { script } = this.#compiled;
    const ended = this.#outsideCalls(() => realm.entries.load(realm.evaluate(script)));
    if (ended !== RETURNED) throw new HostError('guest/invalid', textWithTrace(this.#loadFault(ended)));
    return realm.entries;
  }

  /** A fresh instance of the module in a process. Throws `guest/invalid`. */
  #isolate(isolation: Isolation): RealmEntries {
    this.close();
    const realm = new IsolatedRealm(this.#system, isolation);
    const ended = realm.load(BOOT_TEXT, this.#compiled.text, this.#hooks.isTrusted);
    if (ended !== RETURNED) {
      realm.close();
      throw new HostError('guest/invalid', textWithTrace(this.#loadFault(ended)));
    }
    this.#isolated = realm;
    return realm.entries;
  }

  /** Ends the process of an isolated module; the next call starts another one. */
  close(): void {
    this.#isolated?.close();
  }

  /**
   * Frees the realm, or ends the process, of a module that was not called since the last call of this function. The next call of
   * the module makes a fresh one, with the globals of a start.
   */
  restUnlessUsed(): void {
    const isUsed = this.#wasUsed || this.#system.isRunning;
    this.#wasUsed = false;
    if (isUsed) return;
    this.close();
    this.#isolated = undefined;
    this.#isSpent = true;
    this.#entries = NO_ENTRIES;
    this.#argsBuffer = undefined;
    this.#args = NO_ARGS;
  }

  /** Runs code of the module outside a call. Throws `guest/invalid` if it has to be stopped. */
  #outsideCalls(run: () => number): number {
    const { watch } = this.#hooks;
    if (!watch) return this.#enter(run);
    let ended = RETURNED;
    const stopped = watch.watchdog.guard(() => {
      watch.watchdog.begin(watch.limits);
      ended = this.#enter(run);
      watch.watchdog.end();
    });
    if (stopped) throw new HostError('guest/invalid', stoppedFault(stopped, watch.limits).text);
    return ended;
  }

  /** Calls into the realm. Only its own code throws here, when the stack ends; the value is not looked at. */
  #enter(call: () => number): number {
    this.#system.thrown = STACK_ENDED;
    try {
      return call();
    } catch {
      this.#system.thrown = STACK_ENDED;
      return THREW;
    }
  }

  /** Returns false while a module that was cut off does not load again. */
  get canRun(): boolean {
    return this.#ready() === undefined;
  }

  /** Sets the tables that the module's system calls use. */
  attach(datastore: Datastore): void {
    this.#system.datastore = datastore;
  }

  /** The module's description of itself, as BSATN. */
  describe(): Uint8Array {
    if (this.#outsideCalls(() => this.#entries.describe()) !== RETURNED)
      throw new HostError('guest/invalid', this.#thrown().text);
    return this.#system.results[0];
  }

  callReducer(
    id: number,
    sender: bigint,
    connectionId: bigint | undefined,
    timestamp: bigint,
    args: Uint8Array,
    activation: Activation,
  ): Ran<undefined> {
    const fault = this.#putArgs(args, NO_ARGS);
    if (fault) return fault;
    return this.#run(
      activation,
      () => this.#entries.callReducer(id, sender, connectionId ?? 0n, timestamp, args.length),
      () => NOTHING,
    );
  }

  /** Returns the BSATN of the procedure's value. */
  callProcedure(
    id: number,
    sender: bigint,
    connectionId: bigint | undefined,
    timestamp: bigint,
    args: Uint8Array,
    activation: Activation,
  ): Ran<Uint8Array> {
    const fault = this.#putArgs(args, NO_ARGS);
    if (fault) return fault;
    return this.#run(
      activation,
      () => this.#entries.callProcedure(id, sender, connectionId ?? 0n, timestamp, args.length),
      () => ({ kind: 'returned', value: this.#system.results[0] }),
    );
  }

  /** Returns a view's header byte and the bytes after it; an anonymous view has no sender. */
  callView(id: number, sender: bigint | undefined, activation: Activation): Ran<Uint8Array> {
    const fault = this.#ready();
    if (fault) return fault;
    return this.#run(
      activation,
      () => (sender === undefined ? this.#entries.callAnonymousView(id) : this.#entries.callView(id, sender)),
      () => ({ kind: 'returned', value: this.#system.results[0] }),
    );
  }

  /** Takes the BSATN of an `HttpRequest` and a body; returns both of the response. */
  callHandler(
    id: number,
    timestamp: bigint,
    request: Uint8Array,
    body: Uint8Array,
    activation: Activation,
  ): Ran<HttpReply> {
    const fault = this.#putArgs(request, body);
    if (fault) return fault;
    return this.#run(
      activation,
      () => this.#entries.callHandler(id, timestamp, request.length, body.length),
      () => ({ kind: 'returned', value: { response: this.#system.results[0], body: this.#system.results[1] } }),
    );
  }

  #run<Value>(activation: Activation, call: () => number, returned: () => Ran<Value>): Ran<Value> {
    const { watch } = this.#hooks;
    if (!watch || watch.isCovered) return this.#runNow(activation, call, returned);
    const mark = this.#system.mark();
    let ran: Ran<Value> | undefined;
    const stopped = watch.watchdog.guard(() => {
      ran = this.#runNow(activation, call, returned);
    });
    if (stopped) return { kind: 'threw', thrown: this.cutOff(stopped, watch.limits, mark) };
    assert(ran, 'a call that was not stopped has ended');
    return ran;
  }

  #runNow<Value>(activation: Activation, call: () => number, returned: () => Ran<Value>): Ran<Value> {
    this.#wasUsed = true;
    const { ended, fatal } = this.#system.run(activation, () => this.#enter(call));
    if (fatal !== undefined) return { kind: 'threw', thrown: fatalFault(fatal) };
    if (ended === RETURNED) return returned();
    if (ended === REFUSED) return { kind: 'refused', message: this.#system.thrown.message };
    return { kind: 'threw', thrown: this.#thrown() };
  }

  /** Cleans up after a stopped call, back to `mark` or, without one, all calls. Returns the outcome. */
  cutOff(reason: StopReason, limits: CallLimits, mark: CallMark = NO_CALLS): Thrown {
    this.#system.cutOff(mark);
    this.#isSpent = true;
    return stoppedFault(reason, limits);
  }

  /**
   * Replaces a realm that was cut off. Returns the fault if the module does not load again; then the next attempt waits
   * longer than this one took, so that a module that loops while it loads does not take all the time of the host.
   */
  #ready(): Ran<never> | undefined {
    const isDead = this.#isolated?.fault !== undefined;
    if ((!this.#isSpent && !isDead) || this.#system.isRunning) return undefined;
    const startedAt = this.#hooks.monotonic();
    if (this.#renewal && startedAt < this.#renewal.notBefore) return this.#renewal.fault;
    this.#argsBuffer = undefined;
    this.#args = NO_ARGS;
    try {
      this.#entries = this.#evaluate();
      this.#isSpent = false;
      this.#renewal = undefined;
      return undefined;
    } catch (error) {
      const endedAt = this.#hooks.monotonic();
      const fault: Ran<never> = {
        kind: 'threw',
        thrown: { ...fatalFault(`cannot load the module again: ${messageOf(error)}`), didNotRun: true },
      };
      this.#renewal = { fault, notBefore: endedAt + (endedAt - startedAt) * RENEWAL_PAUSE };
      return fault;
    }
  }

  /** Hands the arguments of a call to the realm. Returns the fault of a module that cannot be called. */
  #putArgs(first: Uint8Array, second: Uint8Array): Ran<never> | undefined {
    const fault = this.#ready();
    if (fault) return fault;
    const length = first.length + second.length;
    // The view is empty if the module has detached the buffer.
    if (this.#args.length < length || this.#args.length === 0 || !this.#argsBuffer) {
      const buffer = this.#newArgsBuffer(length);
      if (!buffer)
        return { kind: 'threw', thrown: { ...fatalFault('there is no memory for the arguments'), didNotRun: true } };
      this.#argsBuffer = buffer;
      this.#args = new Uint8Array(buffer);
    }
    this.#args.set(first);
    if (second.length > 0) this.#args.set(second, first.length);
    return undefined;
  }

  #newArgsBuffer(length: number): ArrayBuffer | undefined {
    try {
      return this.#entries.argsBuffer(length);
    } catch {
      return undefined;
    }
  }

  #thrown(): Thrown {
    const { message, text } = this.#system.thrown;
    const stack = this.#system.thrown.stack.slice(0, MAX_STACK_CHARS);
    const trace: string[] = [];
    let firstLine: number | undefined;
    for (const frame of framesOf(stack)) {
      // The library marks where its frames begin.
      if (frame.functionName.includes('__spacetimedb_end_short_backtrace')) break;
      const { line, column } = this.#compiled.originOf(frame.line, frame.column);
      firstLine ??= line;
      trace.push(`${frame.functionName} (${MODULE_FILE}:${line}:${column})`);
    }
    return { message, text: `Uncaught ${text}`, trace, line: firstLine };
  }

  /** The error of loading; a refused module has its own sentence, which is not that of an exception. */
  #loadFault(ended: number): Thrown {
    const thrown = this.#thrown();
    return ended === NOT_A_MODULE ? { ...thrown, text: thrown.message } : thrown;
  }

  /** The line of the module that called `console.log`: the frame after the library's own. */
  #callerLine(stack: string): number | undefined {
    const frames = framesOf(stack);
    const frame = frames[1] ?? frames[0];
    return frame && this.#compiled.originOf(frame.line, frame.column).line;
  }
}

/** An exception of a module as text for HTTP callers and publishers. */
export function textWithTrace(thrown: Thrown): string {
  return [thrown.text, ...thrown.trace.map(frame => `\tat ${frame}`)].join('\n');
}

function fatalFault(message: string): Thrown {
  return { message, text: `Uncaught Error: ${message}`, trace: [], line: undefined };
}

function stoppedFault(reason: StopReason, { callMs, callBytes }: CallLimits): Thrown {
  const fault = fatalFault(
    reason === 'too-long'
      ? `the module was stopped: it ran for more than ${callMs} ms`
      : `the module was stopped: it took more than ${callBytes} bytes of memory`,
  );
  return { ...fault, wasStopped: true };
}

interface Frame {
  readonly functionName: string;
  readonly line: number;
  readonly column: number;
}

/** The frames of a stack inside the module. */
function framesOf(stack: string): Frame[] {
  const frames: Frame[] = [];
  for (const [, functionName, line, column] of stack.matchAll(FRAME)) {
    frames.push({ functionName: functionName ?? '<anonymous>', line: Number(line), column: Number(column) });
  }
  return frames;
}

const FRAME = new RegExp(`^ +at (?:(.+?) \\()?${MODULE_FILE}:(\\d+):(\\d+)\\)?$`, 'gm');
