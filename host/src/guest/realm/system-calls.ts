// Runs inside a module's realm: the system modules `spacetime:sys@2.0` and `@2.1` over the host's system calls. (globals.ts
// explains how this text gets there.) Every error and buffer that the module receives is created here, in its realm.

import type { HostSide } from '../host-side.ts';

/** The interface of the system modules to the rest of the realm. */
export interface SystemModules {
  /** The key of the schema's method that creates the hooks. */
  readonly moduleHooks: symbol;
  /** Receives the module's error classes. */
  setErrorConstructor(constructorOf: (errno: number) => new (message: string) => Error): void;
  /** The module of this name; throws a TypeError for an unknown one. */
  require(name: string): unknown;
  /** The text of the last refused import. */
  refusedImport(): string | undefined;
}

/** Creates the system modules. The numbers are those of host-side.ts. */
export function makeSystemModules(
  host: HostSide,
  stackHere: () => string,
  failed: number,
  failedBig: bigint,
  bufferTooSmall: number,
): SystemModules {
  'use strict';

  const { rows } = host;
  const Bytes = Uint8Array;
  let constructorOf: ((errno: number) => new (message: string) => Error) | undefined;

  /** The error of the last call, to throw. */
  const failure = (): unknown => {
    const errno = host.errno();
    if (errno === bufferTooSmall) return { __buffer_too_small__: host.neededBytes() };
    if (errno > 0 && constructorOf) {
      const SystemError = constructorOf(errno);
      return new SystemError(host.reason());
    }
    return new Error(host.reason());
  };
  // The host side throws only on stack overflow, and the error is an object of the host, so it is dropped.
  const overflow = () => new RangeError('Maximum call stack size exceeded');

  const number = (value: unknown) => {
    if (typeof value !== 'number') throw new TypeError('a number is expected');
  };
  const text = (value: unknown) => {
    if (typeof value !== 'string') throw new TypeError('a string is expected');
  };
  const big = (value: unknown) => {
    if (typeof value !== 'bigint') throw new TypeError('a bigint is expected');
  };
  const nothing = () => {};
  const numberAnd = (value: unknown, _buffer: unknown) => number(value);
  const sized = (buffer: ArrayBuffer, length: number) => {
    number(length);
    if (!(length >= 0 && length <= buffer.byteLength)) {
      throw new RangeError('length argument was out of bounds for `ArrayBuffer`');
    }
  };
  const numberAndSized = (id: number, buffer: ArrayBuffer, length: number) => {
    number(id);
    sized(buffer, length);
  };
  const rangeScan = (
    index: number,
    buffer: ArrayBuffer,
    prefixLength: number,
    prefixColumns: number,
    startLength: number,
    endLength: number,
  ) => {
    number(index);
    number(prefixLength);
    number(prefixColumns);
    number(startLength);
    number(endLength);
    sized(buffer, prefixLength + startLength + endLength);
  };

  /** A system call with checked arguments, whose failure becomes an error of this realm. */
  const guard =
    <Args extends unknown[], Result>(check: (...args: NoInfer<Args>) => void, call: (...args: Args) => Result) =>
    (...args: Args): Result => {
      check(...args);
      let result;
      try {
        result = call(...args);
      } catch {
        throw overflow();
      }
      if (result === failed || result === failedBig) throw failure();
      return result;
    };
  const take = guard(nothing, (buffer: ArrayBuffer) => host.take(buffer));
  const takeHttpBody = guard(nothing, (buffer: ArrayBuffer) => host.takeHttpBody(buffer));
  const httpBodyLength = guard(nothing, () => host.httpBodyLength());
  const jwtPayload = guard(big, (connectionId: bigint) => host.jwtPayload(connectionId));
  const log = guard(nothing, (level: number, message: string, stack: string) => host.log(level, message, stack));
  const httpRequest = guard(nothing, (request: Uint8Array, text: string | undefined, body: Uint8Array) =>
    host.httpRequest(
      request.buffer as ArrayBuffer,
      request.byteOffset,
      request.length,
      text,
      body.buffer as ArrayBuffer,
      body.byteOffset,
      body.length,
    ),
  );
  const schedule = guard(
    (reducer: string, _args: Uint8Array) => text(reducer),
    (reducer: string, args: Uint8Array) =>
      host.scheduleImmediate(reducer, args.buffer as ArrayBuffer, args.byteOffset, args.length),
  );

  const version20 = {
    table_id_from_name: guard(text, (name: string) => rows.tableId(name)),
    index_id_from_name: guard(text, (name: string) => rows.indexId(name)),
    datastore_table_row_count: guard(number, (table: number) => rows.rowCount(table)),
    datastore_table_scan_bsatn: guard(number, (table: number) => rows.scanTable(table)),
    datastore_index_scan_point_bsatn: guard(numberAndSized, (index: number, buffer: ArrayBuffer, length: number) =>
      rows.scanPoint(index, buffer, length),
    ),
    datastore_index_scan_range_bsatn: guard(
      rangeScan,
      (index: number, buffer: ArrayBuffer, prefix: number, columns: number, start: number, end: number) =>
        rows.scanRange(index, buffer, prefix, columns, start, end),
    ),
    row_iter_bsatn_advance: guard(numberAnd, (iterator: number, buffer: ArrayBuffer) => rows.advance(iterator, buffer)),
    row_iter_bsatn_close: guard(number, (iterator: number) => rows.closeIterator(iterator)),
    datastore_insert_bsatn: guard(numberAndSized, (table: number, buffer: ArrayBuffer, length: number) =>
      rows.insert(table, buffer, length),
    ),
    datastore_update_bsatn: guard(
      (table: number, index: number, buffer: ArrayBuffer, length: number) => {
        number(table);
        numberAndSized(index, buffer, length);
      },
      (table: number, index: number, buffer: ArrayBuffer, length: number) => rows.update(table, index, buffer, length),
    ),
    datastore_delete_by_index_scan_point_bsatn: guard(
      numberAndSized,
      (index: number, buffer: ArrayBuffer, length: number) => rows.deletePoint(index, buffer, length),
    ),
    datastore_delete_by_index_scan_range_bsatn: guard(
      rangeScan,
      (index: number, buffer: ArrayBuffer, prefix: number, columns: number, start: number, end: number) =>
        rows.deleteRange(index, buffer, prefix, columns, start, end),
    ),
    datastore_delete_all_by_eq_bsatn: guard(numberAndSized, (table: number, buffer: ArrayBuffer, length: number) =>
      rows.deleteEqual(table, buffer, length),
    ),
    volatile_nonatomic_schedule_immediate(reducer: string, args: Uint8Array) {
      schedule(reducer, new Bytes(args));
    },
    console_log: (level: number, message: string) => {
      number(level);
      text(message);
      log(level, message, stackHere());
    },
    console_timer_start: guard(text, (name: string) => host.startTimer(name)),
    console_timer_end: guard(number, (timer: number) => host.endTimer(timer)),
    identity: guard(nothing, () => host.identity()),
    get_jwt_payload(connectionId: bigint) {
      const payload = new Bytes(jwtPayload(connectionId));
      take(payload.buffer);
      return payload;
    },
    procedure_http_request(request: Uint8Array, body: Uint8Array | string) {
      const bodyText = typeof body === 'string' ? body : undefined;
      const bodyBytes = typeof body === 'string' ? new Bytes(0) : new Bytes(body);
      const response = new Bytes(httpRequest(new Bytes(request), bodyText, bodyBytes));
      take(response.buffer);
      const responseBody = new Bytes(httpBodyLength());
      takeHttpBody(responseBody.buffer);
      return [response, responseBody];
    },
    procedure_start_mut_tx: guard(nothing, () => host.startTransaction()),
    procedure_commit_mut_tx: guard(nothing, () => host.commitTransaction()),
    procedure_abort_mut_tx: guard(nothing, () => host.abortTransaction()),
  };
  const version21 = {
    datastore_clear: guard(number, (table: number) => rows.clear(table)),
  };

  const moduleHooks = Symbol('SpacetimeDB.moduleHooks.v2');
  const isModule = { value: true };
  const systemModules: Record<string, object> = {
    'spacetime:sys@2.0': Object.defineProperty({ moduleHooks, ...version20 }, '__esModule', isModule),
    'spacetime:sys@2.1': Object.defineProperty(version21, '__esModule', isModule),
  };
  Object.setPrototypeOf(systemModules, null);

  let refused: string | undefined;
  return {
    moduleHooks,
    setErrorConstructor(lookUp) {
      constructorOf = lookUp;
    },
    require(name) {
      const found = systemModules[name];
      if (found) return found;
      const version = /^spacetime:sys@(\d+\.\d+)$/.exec(name)?.[1];
      refused = version
        ? `Could not import "${name}", likely because this module was built for a newer version of SpacetimeDB.\n` +
          `It requires sys module v${version}, but that version is not supported by the database.`
        : `Could not find module "${name}"`;
      throw new TypeError(refused);
    },
    refusedImport: () => refused,
  };
}
