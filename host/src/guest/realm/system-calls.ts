// Runs inside a module's realm: the system modules `spacetime:sys@2.0` and `@2.1` over the host's system calls. (globals.ts
// explains how this text gets there.) Every error and buffer that the module receives is created here, in its realm.

import type { HostCalls } from './host-calls.ts';
import type { Primordials } from './primordials.ts';

/** The interface of the system modules to the rest of the realm. */
export interface SystemModules {
  /** The key of the schema's method that creates the hooks. */
  readonly moduleHooks: symbol;
  /** Receives the module's error classes. */
  readonly setErrorConstructor: (constructorOf: (errno: number) => new (message: string) => Error) => void;
  /** The module of this name; throws a TypeError for an unknown one. */
  readonly require: (name: string) => unknown;
  /** The text of the last refused import. */
  readonly refusedImport: () => string | undefined;
}

/** The codes of host-side.ts, which is not part of the realm. */
export interface Codes {
  readonly failed: number;
  readonly failedBig: bigint;
  readonly bufferTooSmall: number;
  readonly outOfBounds: number;
  readonly notABuffer: number;
  readonly returned: number;
  readonly refused: number;
  readonly threw: number;
  readonly notAModule: number;
}

/** Creates the system modules. */
export function makeSystemModules(
  host: HostCalls,
  primordials: Primordials,
  stackHere: () => string,
  codes: Codes,
): SystemModules {
  'use strict';

  const { failed, failedBig, bufferTooSmall, outOfBounds, notABuffer } = codes;
  const { ArrayBuffer, Uint8Array, Error, RangeError, TypeError, bare, define, exec, objectPrototype, symbol } =
    primordials;
  const { errno, neededBytes, reason, scanPoint, advance, closeIterator, insert, update, deletePoint } = host;
  const { scanRange, deleteRange, deleteEqual, take, takeHttpBody, httpBodyLength, httpRequest, jwtPayload } = host;
  const { scheduleImmediate, log } = host;
  const { bufferOfArray, offsetOfArray, lengthOfArray, typeOfView } = primordials;
  let constructorOf: ((errno: number) => new (message: string) => Error) | undefined;

  /** The error of the last call, to throw. */
  const failure = (): unknown => {
    const code = errno();
    if (code === bufferTooSmall) return { __proto__: objectPrototype, __buffer_too_small__: neededBytes() };
    if (code === outOfBounds) return new RangeError('length argument was out of bounds for `ArrayBuffer`');
    if (code === notABuffer) return new TypeError('an ArrayBuffer is expected');
    const text = reason();
    if (code > 0 && constructorOf) {
      const SystemError = constructorOf(code);
      return new SystemError(text);
    }
    return new Error(text);
  };

  const number = (value: unknown) => {
    if (typeof value !== 'number') throw new TypeError('a number is expected');
  };
  const text = (value: unknown) => {
    if (typeof value !== 'string') throw new TypeError('a string is expected');
  };
  const big = (value: unknown) => {
    if (typeof value !== 'bigint') throw new TypeError('a bigint is expected');
  };
  const bytes = (value: unknown) => {
    if (typeOfView(value) !== 'Uint8Array') throw new TypeError('a Uint8Array is expected');
  };
  const nothing = () => {};

  /** A system call with one checked argument or none, whose failure becomes an error of this realm. */
  const guard =
    <A, R>(check: (a: NoInfer<A>) => void, call: (a: A) => R) =>
    (a: A): R => {
      check(a);
      const result = call(a);
      if (result === failed || result === failedBig) throw failure();
      return result;
    };
  const guardRange =
    (call: typeof scanRange): typeof scanRange =>
    (index, buffer, prefixLength, prefixColumns, startLength, endLength) => {
      number(index);
      number(prefixLength);
      number(prefixColumns);
      number(startLength);
      number(endLength);
      const result = call(index, buffer, prefixLength, prefixColumns, startLength, endLength);
      if (result === failed) throw failure();
      return result;
    };
  /** The bytes that the host holds for the last call. */
  const taken = (length: number, copy: (buffer: ArrayBuffer) => number): Uint8Array => {
    const buffer = new ArrayBuffer(length);
    if (copy(buffer) === failed) throw failure();
    return new Uint8Array(buffer);
  };

  const version20 = {
    table_id_from_name: guard(text, host.tableId),
    index_id_from_name: guard(text, host.indexId),
    datastore_table_row_count: guard(number, host.rowCount),
    datastore_table_scan_bsatn: guard(number, host.scanTable),
    datastore_index_scan_point_bsatn(index: number, buffer: ArrayBuffer, length: number) {
      number(index);
      number(length);
      const result = scanPoint(index, buffer, length);
      if (result === failed) throw failure();
      return result;
    },
    datastore_index_scan_range_bsatn: guardRange(scanRange),
    row_iter_bsatn_advance(iterator: number, buffer: ArrayBuffer) {
      number(iterator);
      const result = advance(iterator, buffer);
      if (result === failed) throw failure();
      return result;
    },
    row_iter_bsatn_close(iterator: number) {
      number(iterator);
      const result = closeIterator(iterator);
      if (result === failed) throw failure();
      return result;
    },
    datastore_insert_bsatn(table: number, buffer: ArrayBuffer, length: number) {
      number(table);
      number(length);
      const result = insert(table, buffer, length);
      if (result === failed) throw failure();
      return result;
    },
    datastore_update_bsatn(table: number, index: number, buffer: ArrayBuffer, length: number) {
      number(table);
      number(index);
      number(length);
      const result = update(table, index, buffer, length);
      if (result === failed) throw failure();
      return result;
    },
    datastore_delete_by_index_scan_point_bsatn(index: number, buffer: ArrayBuffer, length: number) {
      number(index);
      number(length);
      const result = deletePoint(index, buffer, length);
      if (result === failed) throw failure();
      return result;
    },
    datastore_delete_by_index_scan_range_bsatn: guardRange(deleteRange),
    datastore_delete_all_by_eq_bsatn(table: number, buffer: ArrayBuffer, length: number) {
      number(table);
      number(length);
      const result = deleteEqual(table, buffer, length);
      if (result === failed) throw failure();
      return result;
    },
    volatile_nonatomic_schedule_immediate(reducer: string, args: Uint8Array) {
      text(reducer);
      bytes(args);
      const length = lengthOfArray(args);
      if (scheduleImmediate(reducer, bufferOfArray(args), offsetOfArray(args), length) === failed) throw failure();
    },
    console_log: (level: number, message: string) => {
      number(level);
      text(message);
      log(level, message, stackHere());
    },
    console_timer_start: guard(text, host.startTimer),
    console_timer_end: guard(number, host.endTimer),
    identity: guard(nothing, host.identity),
    get_jwt_payload(connectionId: bigint) {
      big(connectionId);
      const length = jwtPayload(connectionId);
      if (length === failed) throw failure();
      return taken(length, take);
    },
    procedure_http_request(request: Uint8Array, body: Uint8Array | string) {
      const bodyText = typeof body === 'string' ? body : undefined;
      const bodyBytes = typeof body === 'string' ? new Uint8Array(0) : body;
      bytes(request);
      bytes(bodyBytes);
      const length = httpRequest(
        bufferOfArray(request),
        offsetOfArray(request),
        lengthOfArray(request),
        bodyText,
        bufferOfArray(bodyBytes),
        offsetOfArray(bodyBytes),
        lengthOfArray(bodyBytes),
      );
      if (length === failed) throw failure();
      const response = taken(length, take);
      return [response, taken(httpBodyLength(), takeHttpBody)];
    },
    procedure_start_mut_tx: guard(nothing, host.startTransaction),
    procedure_commit_mut_tx: guard(nothing, host.commitTransaction),
    procedure_abort_mut_tx: guard(nothing, host.abortTransaction),
  };
  const version21 = {
    datastore_clear: guard(number, host.clear),
  };

  const moduleHooks = symbol('SpacetimeDB.moduleHooks.v2');
  const isModule = { __proto__: null, value: true };
  const systemModules = bare();
  const published = { moduleHooks, ...version20 };
  define(published, '__esModule', isModule);
  define(version21, '__esModule', isModule);
  systemModules['spacetime:sys@2.0'] = published;
  systemModules['spacetime:sys@2.1'] = version21;
  const namePattern = /^spacetime:sys@(\d+\.\d+)$/;

  let refused: string | undefined;
  return {
    moduleHooks,
    setErrorConstructor(lookUp) {
      constructorOf = lookUp;
    },
    require(name) {
      const found = systemModules[name];
      if (found !== undefined) return found;
      const match = exec(namePattern, name);
      refused = match
        ? `Could not import "${name}", likely because this module was built for a newer version of SpacetimeDB.\n` +
          `It requires sys module v${match[1]}, but that version is not supported by the database.`
        : `Could not find module "${name}"`;
      throw new TypeError(refused);
    },
    refusedImport: () => refused,
  };
}
