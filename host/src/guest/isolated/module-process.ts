// The process of an isolated module. It is started from the text of the function with the permissions of Node.js and without
// any files; it gets everything through one pipe, and its system calls are messages through another.

import type { HostSide, RealmEntries } from '../host-side.ts';
import type { Codec, FileCalls, Value } from './codec.ts';

/** The functions of `RealmEntries` that the host calls by message. */
export const ENTRIES = [
  'describe',
  'callReducer',
  'callProcedure',
  'callView',
  'callAnonymousView',
  'callHandler',
] as const;

/** The system calls that are messages; the others are answered in the process. */
export const SYSTEM_CALLS = [
  'tableId',
  'indexId',
  'rowCount',
  'scanTable',
  'scanPoint',
  'scanRange',
  'advance',
  'closeIterator',
  'insert',
  'update',
  'deletePoint',
  'deleteRange',
  'deleteEqual',
  'clear',
  'scheduleImmediate',
  'log',
  'startTimer',
  'endTimer',
  'identity',
  'jwtPayload',
  'httpRequest',
  'startTransaction',
  'commitTransaction',
  'abortTransaction',
] as const;

/** The name of a system call that is a message. */
export type SystemCallName = (typeof SYSTEM_CALLS)[number];

/** Codes that both sides use. */
export interface ProcessCodes {
  readonly failed: number;
  readonly failedBig: bigint;
  readonly outOfBounds: number;
  readonly notABuffer: number;
  readonly boot: number;
  readonly call: number;
  readonly done: number;
  readonly systemCall: number;
  readonly reply: number;
  readonly systemCalls: readonly string[];
  readonly entries: readonly string[];
}

/** Runs until the host closes the pipe. */
export function runModuleProcess(
  makeCodec: (fs: FileCalls, input: number, output: number) => Codec,
  codes: ProcessCodes,
): void {
  const fs = process.getBuiltinModule('node:fs');
  const vm = process.getBuiltinModule('node:vm');
  const { isArrayBuffer } = process.getBuiltinModule('node:util/types');
  const { isUtf8 } = process.getBuiltinModule('node:buffer');
  const { failed, failedBig } = codes;
  const codec = makeCodec(fs, 3, 4);
  const EMPTY = new Uint8Array(0);
  let entries: RealmEntries | undefined;
  let fault = { errno: 0, reason: '', needed: 0 };
  let outbox: Uint8Array = EMPTY;
  let httpBody: Uint8Array = EMPTY;
  let results: [Uint8Array, Uint8Array] = [EMPTY, EMPTY];
  let thrown: [string, string, string] = ['', '', ''];
  let identity: bigint | undefined;

  const failWith = (errno: number): number => {
    fault = { errno, reason: '', needed: 0 };
    return failed;
  };
  /** Bytes of a buffer of the realm, or why there are none. */
  const bytesOf = (buffer: ArrayBuffer, offset: number, length: number): Uint8Array | number => {
    if (!isArrayBuffer(buffer)) return codes.notABuffer;
    try {
      const bytes = new Uint8Array(buffer);
      const isInside = offset >>> 0 === offset && length >>> 0 === length && offset + length <= bytes.length;
      return isInside ? bytes.subarray(offset, offset + length) : codes.outOfBounds;
    } catch {
      return codes.outOfBounds;
    }
  };
  const textIn = (text: string): string => {
    if (typeof text !== 'string') throw new TypeError('a string is expected');
    return text;
  };

  /** Waits for a message of a kind; calls of the host that come before are answered. */
  const waitForReply = (): readonly Value[] => {
    for (;;) {
      const message = codec.receive();
      if (!message) process.exit(0);
      if (message.kind === codes.reply) return message.values;
      answer(message.values);
    }
  };
  const ask = (name: string, ...values: Value[]): readonly Value[] => {
    codec.send(codes.systemCall, [codes.systemCalls.indexOf(name), ...values]);
    const reply = waitForReply();
    const [result, errno, reason, needed] = reply;
    if (result === failed || result === failedBig) {
      fault = { errno: errno as number, reason: reason as string, needed: needed as number };
    }
    return reply;
  };
  const number = (name: string, ...values: Value[]): number => ask(name, ...values)[0] as number;
  const big = (name: string, ...values: Value[]): bigint => ask(name, ...values)[0] as bigint;
  const withBytes = (name: string, buffer: ArrayBuffer, length: number, ...values: Value[]): number => {
    const bytes = bytesOf(buffer, 0, length);
    return typeof bytes === 'number' ? failWith(bytes) : number(name, bytes, ...values);
  };
  const write = (name: string, buffer: ArrayBuffer, length: number, ...values: Value[]): number => {
    const bytes = bytesOf(buffer, 0, length);
    if (typeof bytes === 'number') return failWith(bytes);
    const [result, generated] = ask(name, bytes, ...values);
    if (generated instanceof Uint8Array) new Uint8Array(buffer).set(generated);
    return result as number;
  };
  const range = (
    name: string,
    buffer: ArrayBuffer,
    index: number,
    prefix: number,
    columns: number,
    start: number,
    end: number,
  ): number => withBytes(name, buffer, prefix + start + end, index, prefix, columns, start, end);
  const fill = (buffer: ArrayBuffer, content: Uint8Array): number => {
    const bytes = bytesOf(buffer, 0, content.length);
    if (typeof bytes === 'number') return failWith(bytes);
    bytes.set(content);
    return 0;
  };
  const keep = (buffer: ArrayBuffer, offset: number, length: number, at: 0 | 1): number => {
    const bytes = bytesOf(buffer, offset, length);
    if (typeof bytes === 'number') return failWith(bytes);
    results[at] = bytes.slice();
    return 0;
  };

  const open: HostSide = {
    rows: {
      tableId: name => number('tableId', textIn(name)),
      indexId: name => number('indexId', textIn(name)),
      rowCount: table => big('rowCount', table),
      scanTable: table => number('scanTable', table),
      scanPoint: (index, buffer, length) => withBytes('scanPoint', buffer, length, index),
      scanRange: (index, buffer, prefix, columns, start, end) =>
        range('scanRange', buffer, index, prefix, columns, start, end),
      advance(iterator, buffer) {
        const target = isArrayBuffer(buffer) ? new Uint8Array(buffer) : undefined;
        if (!target) return failWith(codes.notABuffer);
        const [written, rows] = ask('advance', iterator, target.length);
        if (rows instanceof Uint8Array) target.set(rows);
        return written as number;
      },
      closeIterator: iterator => number('closeIterator', iterator),
      insert: (table, buffer, length) => write('insert', buffer, length, table),
      update: (table, index, buffer, length) => write('update', buffer, length, table, index),
      deletePoint: (index, buffer, length) => withBytes('deletePoint', buffer, length, index),
      deleteRange: (index, buffer, prefix, columns, start, end) =>
        range('deleteRange', buffer, index, prefix, columns, start, end),
      deleteEqual: (table, buffer, length) => withBytes('deleteEqual', buffer, length, table),
      clear: table => big('clear', table),
    },
    errno: () => fault.errno,
    reason: () => fault.reason,
    neededBytes: () => fault.needed,
    scheduleImmediate(reducer, buffer, offset, length) {
      const bytes = bytesOf(buffer, offset, length);
      return typeof bytes === 'number' ? failWith(bytes) : number('scheduleImmediate', bytes, textIn(reducer));
    },
    log: (level, message, stack) => number('log', level, textIn(message), textIn(stack)),
    startTimer: name => number('startTimer', textIn(name)),
    endTimer: timer => number('endTimer', timer),
    identity: () => (identity ??= big('identity')),
    jwtPayload(connectionId) {
      const [length, payload] = ask('jwtPayload', connectionId);
      outbox = payload instanceof Uint8Array ? payload : EMPTY;
      return length as number;
    },
    httpRequest(request, requestOffset, requestLength, bodyText, body, bodyOffset, bodyLength) {
      const head = bytesOf(request, requestOffset, requestLength);
      const content = bodyText === undefined ? bytesOf(body, bodyOffset, bodyLength) : textIn(bodyText);
      if (typeof head === 'number') return failWith(head);
      if (typeof content === 'number') return failWith(content);
      const [length, response, responseBody] = ask('httpRequest', head, content);
      outbox = response instanceof Uint8Array ? response : EMPTY;
      httpBody = responseBody instanceof Uint8Array ? responseBody : EMPTY;
      return length as number;
    },
    httpBodyLength: () => httpBody.length,
    take: buffer => fill(buffer, outbox),
    takeHttpBody: buffer => fill(buffer, httpBody),
    startTransaction: () => big('startTransaction'),
    commitTransaction: () => number('commitTransaction'),
    abortTransaction: () => number('abortTransaction'),
    decodeUtf8(buffer, offset, length, isFatal) {
      const bytes = bytesOf(buffer, offset, length);
      if (typeof bytes === 'number' || (isFatal && !isUtf8(bytes))) return undefined;
      return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString('utf8');
    },
    encodeUtf8(text, buffer) {
      const bytes = bytesOf(buffer, 0, 0);
      if (typeof bytes === 'number') return 0;
      const target = Reflect.construct(Uint8Array, [buffer], Buffer) as Buffer;
      return target.write(textIn(text), 'utf8');
    },
    utf8Length: text => Buffer.byteLength(textIn(text)),
    result: (buffer, offset, length) => keep(buffer, offset, length, 0),
    secondResult: (buffer, offset, length) => keep(buffer, offset, length, 1),
    threw(message, text, stack) {
      thrown = [textIn(message), textIn(text), textIn(stack)];
      return 0;
    },
  };
  /** As in sealed-system-calls.ts: an error object of this realm does not reach the module. */
  const seal = <T extends object>(calls: T): T => {
    const sealed: Record<string, unknown> = {};
    for (const [name, call] of Object.entries(calls) as [string, unknown][]) {
      sealed[name] =
        typeof call !== 'function'
          ? seal(call as object)
          : (...args: unknown[]): unknown => {
              try {
                return Reflect.apply(call, undefined, args);
              } catch {
                // eslint-disable-next-line @typescript-eslint/only-throw-error -- a primitive leads nowhere
                throw 'the stack ended in the host';
              }
            };
    }
    return sealed as T;
  };

  /** Runs one function of the module and sends how it ended. */
  const answer = (values: readonly Value[]): void => {
    results = [EMPTY, EMPTY];
    thrown = ['', '', ''];
    let ended: number | undefined;
    try {
      const [entry, args, ...others] = values as [number, Uint8Array, ...Value[]];
      const name = codes.entries[entry] as keyof RealmEntries;
      if (!entries) throw new Error('the module is not loaded');
      if (args.length > 0 || name === 'callReducer') new Uint8Array(entries.argsBuffer(args.length)).set(args);
      ended = Reflect.apply(entries[name], undefined, others) as number;
    } catch {
      ended = undefined;
    }
    codec.send(codes.done, [ended, ...results, ...thrown]);
  };
  const boot = ([bootText, script, isTrusted]: readonly Value[]): void => {
    let ended: number | undefined;
    try {
      const context = vm.createContext(vm.constants.DONT_CONTEXTIFY, { microtaskMode: 'afterEvaluate' });
      const start = new vm.Script(bootText as string, { filename: 'spacetimedb_realm' }).runInContext(context) as (
        host: HostSide,
        isTrusted: boolean,
      ) => RealmEntries;
      entries = start(seal(open), isTrusted === 1);
      ended = entries.load(new vm.Script(script as string, { filename: 'spacetimedb_module' }).runInContext(context));
    } catch {
      ended = undefined;
    }
    codec.send(codes.done, [ended, ...results, ...thrown]);
  };

  codec.send(codes.done, []);
  for (;;) {
    const message = codec.receive();
    if (!message) process.exit(0);
    if (message.kind === codes.boot) boot(message.values);
    else answer(message.values);
  }
}
