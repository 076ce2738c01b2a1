// The realm of an isolated module: a process with the least rights that Node.js offers. The host calls it by message and waits;
// while it waits, it answers the system calls of the module, which are messages too. Tables, transactions and storage stay in
// the host, so a module that escapes, hangs or takes too much memory loses its process and nothing else.

import { execFileSync, spawn, type ChildProcess } from 'node:child_process';
import { closeSync, constants, mkdtempSync, openSync, readSync, rmSync, writeSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Worker } from 'node:worker_threads';
import { HostError, messageOf } from '../../errors.ts';
import {
  FAILED,
  FAILED_BIG,
  NOT_A_BUFFER,
  OUT_OF_BOUNDS,
  THREW,
  type HostSide,
  type RealmEntries,
} from '../host-side.ts';
import type { CallLimits } from '../watchdog.ts';
import { BOOT, CALL, DONE, makeCodec, REPLY, SYSTEM_CALL, type Codec, type Value } from './codec.ts';
import { ENTRIES, runModuleProcess, SYSTEM_CALLS, type ProcessCodes, type SystemCallName } from './module-process.ts';
import { runMonitorWorker, type MonitorWords, type Watched } from './monitor-worker.ts';

/** How a module is isolated. */
export interface Isolation {
  /** The memory of the process; on systems without `/proc` only its JavaScript heap. */
  readonly memoryBytes: number;
  /** Only `callMs` applies. */
  readonly limits: CallLimits;
}

const AT: MonitorWords = { call: 0, isWaiting: 1, stop: 2, maxMs: 3, maxMebibytes: 4 };
const MEBIBYTE = 1024 * 1024;
const MAX_INT32 = 2 ** 31 - 1;
/** The time that Node.js may take to start the process. */
const START_MS = 60_000;
/** Rows that one system call hands over at most. */
const MAX_ROWS_BYTES = 64 * MEBIBYTE;

const CODES: ProcessCodes = {
  failed: FAILED,
  failedBig: FAILED_BIG,
  outOfBounds: OUT_OF_BOUNDS,
  notABuffer: NOT_A_BUFFER,
  boot: BOOT,
  call: CALL,
  done: DONE,
  systemCall: SYSTEM_CALL,
  reply: REPLY,
  systemCalls: SYSTEM_CALLS,
  entries: ENTRIES,
};
const PROGRAM = `(${String(runModuleProcess)})(${String(makeCodec)}, ${codesText()});`;

let monitor: Worker | undefined;

/** The process of one module. */
export class IsolatedRealm {
  readonly entries: RealmEntries;
  readonly #host: HostSide;
  readonly #process: ChildProcess;
  readonly #codec: Codec;
  readonly #pipes: readonly number[];
  readonly #words = new Int32Array(new SharedArrayBuffer(4 * Object.keys(AT).length));
  readonly #isolation: Isolation;
  #depth = 0;
  #args = new ArrayBuffer(4096);
  #scratch = new ArrayBuffer(65_536);
  #fault: string | undefined;

  /** Starts the process. Throws `guest/invalid` if that is impossible. */
  constructor(host: HostSide, isolation: Isolation) {
    this.#host = host;
    this.#isolation = isolation;
    const memoryMebibytes = Math.min(Math.ceil(isolation.memoryBytes / MEBIBYTE), MAX_INT32);
    this.#words[AT.maxMebibytes] = memoryMebibytes;
    this.#words[AT.maxMs] = START_MS;
    const toChild = openPipe();
    const fromChild = openPipe();
    const flags = ['--permission', '--no-warnings', `--max-old-space-size=${memoryMebibytes}`];
    this.#process = spawn(process.execPath, [...flags, '--eval', PROGRAM], {
      stdio: ['ignore', 'ignore', 'ignore', toChild.read, fromChild.write],
      env: {},
      cwd: '/',
    });
    closeSync(toChild.read);
    closeSync(fromChild.write);
    this.#pipes = [toChild.write, fromChild.read];
    this.#process.unref();
    this.#process.once('error', error => this.#end(`its process could not be started: ${error.message}`));
    this.#process.once('exit', () => this.#end(ENDED));
    this.#codec = makeCodec({ readSync, writeSync }, fromChild.read, toChild.write);
    watch({ pid: this.#process.pid ?? 0, words: this.#words, isOver: false });
    this.entries = this.#makeEntries();
    this.#exchange(() => undefined);
    this.#words[AT.maxMs] = Math.min(isolation.limits.callMs, MAX_INT32);
    if (this.#fault !== undefined) throw new HostError('guest/invalid', this.#fault);
  }

  /** Why the process has ended; undefined while it runs. */
  get fault(): string | undefined {
    return this.#fault;
  }

  /** Loads the module. */
  load(bootText: string, script: string, isTrusted: boolean): number {
    return this.#exchange(() => this.#codec.send(BOOT, [bootText, script, isTrusted ? 1 : 0]));
  }

  /** Ends the process. */
  close(): void {
    this.#end('it was closed');
  }

  #makeEntries(): RealmEntries {
    const call = (entry: (typeof ENTRIES)[number], argsLength: number, ...values: Value[]): number =>
      this.#exchange(() =>
        this.#codec.send(CALL, [ENTRIES.indexOf(entry), new Uint8Array(this.#args, 0, argsLength), ...values]),
      );
    return {
      load: () => THREW,
      describe: () => call('describe', 0),
      argsBuffer: atLeast => {
        if (this.#args.byteLength < atLeast) this.#args = new ArrayBuffer(2 * atLeast);
        return this.#args;
      },
      callReducer: (id, sender, connectionId, timestamp, length) =>
        call('callReducer', length, id, sender, connectionId, timestamp, length),
      callProcedure: (id, sender, connectionId, timestamp, length) =>
        call('callProcedure', length, id, sender, connectionId, timestamp, length),
      callView: (id, sender) => call('callView', 0, id, sender),
      callAnonymousView: id => call('callAnonymousView', 0, id),
      callHandler: (id, timestamp, requestLength, bodyLength) =>
        call('callHandler', requestLength + bodyLength, id, timestamp, requestLength, bodyLength),
    };
  }

  /** Sends a message and answers system calls until the process is done with it. */
  #exchange(send: () => void): number {
    if (this.#fault === undefined) {
      if (this.#depth++ === 0) this.#count();
      try {
        send();
        const ended = this.#answerUntilDone();
        if (ended !== undefined) return ended;
        this.#end(this.#stopped());
      } catch (cause) {
        this.#end(this.#words[AT.stop] === 0 ? `its process broke the protocol: ${messageOf(cause)}` : this.#stopped());
      } finally {
        if (--this.#depth === 0) this.#count();
      }
    }
    const text = `the module was stopped: ${this.#fault}`;
    this.#host.threw(text, `Error: ${text}`, '');
    return THREW;
  }

  #answerUntilDone(): number | undefined {
    for (;;) {
      const message = this.#codec.receive();
      if (!message) return undefined;
      const { kind, values } = message;
      if (kind === DONE) return this.#finish(values);
      if (kind !== SYSTEM_CALL) throw new Error(`an unexpected message of kind ${kind}`);
      const name = SYSTEM_CALLS[numberOf(values[0])];
      if (name === undefined) throw new Error('an unknown system call');
      const reply = this.#perform(name, values.slice(1));
      const isFailure = reply[0] === FAILED || reply[0] === FAILED_BIG;
      const host = this.#host;
      this.#codec.send(REPLY, isFailure ? [reply[0], host.errno(), host.reason(), host.neededBytes()] : reply);
    }
  }

  #finish([ended, first, second, message, text, stack]: readonly Value[]): number {
    if (first === undefined) return 0; // The process has started.
    this.#host.result(bufferOf(first), 0, lengthOf(first));
    this.#host.secondResult(bufferOf(second), 0, lengthOf(second));
    if (ended === undefined) return THREW;
    this.#host.threw(textOf(message), textOf(text), textOf(stack));
    return numberOf(ended);
  }

  /** Performs a system call; the bytes that it hands over follow the result. */
  #perform(name: SystemCallName, values: readonly Value[]): readonly Value[] {
    const host = this.#host;
    const { rows } = host;
    const [first, second, third, fourth, fifth, sixth] = values;
    switch (name) {
      case 'tableId':
      case 'indexId':
        return [rows[name](textOf(first))];
      case 'rowCount':
      case 'clear':
        return [rows[name](numberOf(first))];
      case 'scanTable':
      case 'closeIterator':
        return [rows[name](numberOf(first))];
      case 'scanPoint':
      case 'deletePoint':
        return [rows[name](numberOf(second), this.#place(first), lengthOf(first))];
      case 'deleteEqual':
        return [rows.deleteEqual(numberOf(second), this.#place(first), lengthOf(first))];
      case 'scanRange':
      case 'deleteRange': {
        const lengths = [numberOf(third), numberOf(fourth), numberOf(fifth), numberOf(sixth)] as const;
        return [rows[name](numberOf(second), this.#place(first), ...lengths)];
      }
      case 'insert':
        return this.#written(rows.insert(numberOf(second), this.#place(first), lengthOf(first)));
      case 'update':
        return this.#written(rows.update(numberOf(second), numberOf(third), this.#place(first), lengthOf(first)));
      case 'advance': {
        const room = Math.min(numberOf(second), MAX_ROWS_BYTES);
        const target = new ArrayBuffer(room);
        const written = rows.advance(numberOf(first), target);
        return written === FAILED ? [written] : [written, new Uint8Array(target, 0, Math.abs(written))];
      }
      case 'scheduleImmediate':
        return [host.scheduleImmediate(textOf(second), this.#place(first), 0, lengthOf(first))];
      case 'log':
        return [host.log(numberOf(first), textOf(second), textOf(third))];
      case 'startTimer':
        return [host.startTimer(textOf(first))];
      case 'endTimer':
        return [host.endTimer(numberOf(first))];
      case 'identity':
        return [host.identity()];
      case 'jwtPayload':
        return this.#taken(host.jwtPayload(bigOf(first)));
      case 'httpRequest':
        return this.#httpRequest(first, second);
      case 'startTransaction':
      case 'commitTransaction':
      case 'abortTransaction':
        return [host[name]()];
    }
  }

  #httpRequest(head: Value, body: Value): readonly Value[] {
    const bodyText = typeof body === 'string' ? body : undefined;
    const bytes = typeof body === 'string' ? new Uint8Array(0) : body;
    Atomics.store(this.#words, AT.isWaiting, 1);
    const length = this.#host.httpRequest(
      bufferOf(head),
      0,
      lengthOf(head),
      bodyText,
      bufferOf(bytes),
      0,
      lengthOf(bytes),
    );
    Atomics.store(this.#words, AT.isWaiting, 0);
    if (length === FAILED) return [length];
    const content = new ArrayBuffer(this.#host.httpBodyLength());
    const taken = this.#taken(length);
    this.#host.takeHttpBody(content);
    return [...taken, new Uint8Array(content)];
  }

  #taken(length: number): readonly Value[] {
    if (length === FAILED) return [length];
    const content = new ArrayBuffer(length);
    this.#host.take(content);
    return [length, new Uint8Array(content)];
  }

  /** Copies bytes into a buffer that is used again, so that its view stays cached. */
  #place(value: Value): ArrayBuffer {
    if (typeof value !== 'object') throw new Error('bytes are expected');
    if (this.#scratch.byteLength < value.length) this.#scratch = new ArrayBuffer(2 * value.length);
    new Uint8Array(this.#scratch).set(value);
    return this.#scratch;
  }

  #written(result: number): readonly Value[] {
    return result > 0 ? [result, new Uint8Array(this.#scratch, 0, result)] : [result];
  }

  #count(): void {
    this.#words[AT.call] = ((this.#words[AT.call] ?? 0) + 1) | 0;
  }

  #stopped(): string {
    const { limits, memoryBytes } = this.#isolation;
    const stop = Atomics.load(this.#words, AT.stop);
    if (stop === 1) return `it ran for more than ${limits.callMs} ms`;
    return stop === 2 ? `it took more than ${memoryBytes} bytes of memory` : ENDED;
  }

  #end(fault: string): void {
    if (this.#fault !== undefined) return;
    this.#fault = fault;
    const { pid } = this.#process;
    if (pid !== undefined) watch({ pid, words: this.#words, isOver: true });
    this.#process.kill('SIGKILL');
    for (const pipe of this.#pipes) closeSync(pipe);
  }
}

const ENDED = 'its process ended, by a crash or because it had no more memory';

function watch(watched: Watched): void {
  if (!monitor) {
    monitor = new Worker(`(${String(runMonitorWorker)})()`, { eval: true, workerData: AT });
    monitor.unref();
  }
  monitor.postMessage(watched);
}

/** A pipe whose ends block, unlike those that Node.js makes for a process. */
function openPipe(): { readonly read: number; readonly write: number } {
  if (process.platform === 'win32') throw new HostError('guest/invalid', 'modules cannot be isolated on Windows');
  const folder = mkdtempSync(join(tmpdir(), 'agora-pipe-'));
  try {
    const path = join(folder, 'pipe');
    execFileSync('mkfifo', ['-m', '600', path]);
    // With both ends open, neither of the next calls waits for the other.
    const both = openSync(path, constants.O_RDWR);
    const read = openSync(path, constants.O_RDONLY);
    const write = openSync(path, constants.O_WRONLY);
    closeSync(both);
    return { read, write };
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

function codesText(): string {
  const text = (value: unknown): string => (typeof value === 'bigint' ? `${value}n` : JSON.stringify(value));
  return `{${Object.entries(CODES)
    .map(([name, value]) => `${name}: ${text(value)}`)
    .join(', ')}}`;
}

// A process may send anything.
function numberOf(value: Value): number {
  if (typeof value !== 'number') throw new Error('a number is expected');
  return value;
}
function bigOf(value: Value): bigint {
  if (typeof value !== 'bigint') throw new Error('a bigint is expected');
  return value;
}
function textOf(value: Value): string {
  if (typeof value !== 'string') throw new Error('a string is expected');
  return value;
}
function lengthOf(value: Value): number {
  if (typeof value !== 'object') throw new Error('bytes are expected');
  return value.length;
}
function bufferOf(value: Value): ArrayBuffer {
  if (typeof value !== 'object') throw new Error('bytes are expected');
  return value.buffer as ArrayBuffer; // The codec makes plain buffers.
}
