// Runs inside a module's realm: the system calls of the host as functions that throw errors of the realm only. (globals.ts
// explains how this text gets there.)
//
// The host's functions return codes and do not throw, but the stack may end while one of them starts. The engine then
// throws an error of the host, from which it is two property reads to `process`: each `catch` here drops it. No other file
// of this folder calls the host.

import type { HostSide, RowSide } from '../host-side.ts';
import type { Primordials } from './primordials.ts';

/** The system calls as the realm uses them. */
export type HostCalls = RowSide & Omit<HostSide, 'rows'>;

/** Wraps the host's functions. The hottest are written out, so that the engine can inline them. */
export function makeHostCalls(host: HostSide, primordials: Primordials): HostCalls {
  'use strict';

  const { RangeError } = primordials;
  const { rows, scheduleImmediate, decodeUtf8, encodeUtf8 } = host;
  const { scanPoint, advance, closeIterator, insert, update, deletePoint } = rows;
  const overflow = () => new RangeError('Maximum call stack size exceeded');

  const safe0 =
    <R>(call: () => R) =>
    (): R => {
      try {
        return call();
      } catch {
        throw overflow();
      }
    };
  const safe1 =
    <A, R>(call: (a: A) => R) =>
    (a: A): R => {
      try {
        return call(a);
      } catch {
        throw overflow();
      }
    };
  const safe3 =
    <A, B, C, R>(call: (a: A, b: B, c: C) => R) =>
    (a: A, b: B, c: C): R => {
      try {
        return call(a, b, c);
      } catch {
        throw overflow();
      }
    };
  const safe7 =
    <A, B, C, D, E, F, G, R>(call: (a: A, b: B, c: C, d: D, e: E, f: F, g: G) => R) =>
    (a: A, b: B, c: C, d: D, e: E, f: F, g: G): R => {
      try {
        return call(a, b, c, d, e, f, g);
      } catch {
        throw overflow();
      }
    };
  const range =
    (call: RowSide['scanRange']): RowSide['scanRange'] =>
    (index, buffer, prefixLength, prefixColumns, startLength, endLength) => {
      try {
        return call(index, buffer, prefixLength, prefixColumns, startLength, endLength);
      } catch {
        throw overflow();
      }
    };

  return {
    tableId: safe1(rows.tableId),
    indexId: safe1(rows.indexId),
    rowCount: safe1(rows.rowCount),
    scanTable: safe1(rows.scanTable),
    scanPoint(index, buffer, length) {
      try {
        return scanPoint(index, buffer, length);
      } catch {
        throw overflow();
      }
    },
    scanRange: range(rows.scanRange),
    advance(iterator, buffer) {
      try {
        return advance(iterator, buffer);
      } catch {
        throw overflow();
      }
    },
    closeIterator(iterator) {
      try {
        return closeIterator(iterator);
      } catch {
        throw overflow();
      }
    },
    insert(table, buffer, length) {
      try {
        return insert(table, buffer, length);
      } catch {
        throw overflow();
      }
    },
    update(table, index, buffer, length) {
      try {
        return update(table, index, buffer, length);
      } catch {
        throw overflow();
      }
    },
    deletePoint(index, buffer, length) {
      try {
        return deletePoint(index, buffer, length);
      } catch {
        throw overflow();
      }
    },
    deleteRange: range(rows.deleteRange),
    deleteEqual: safe3(rows.deleteEqual),
    clear: safe1(rows.clear),
    errno: safe0(host.errno),
    reason: safe0(host.reason),
    neededBytes: safe0(host.neededBytes),
    scheduleImmediate(reducer, buffer, offset, length) {
      try {
        return scheduleImmediate(reducer, buffer, offset, length);
      } catch {
        throw overflow();
      }
    },
    log: safe3(host.log),
    startTimer: safe1(host.startTimer),
    endTimer: safe1(host.endTimer),
    identity: safe0(host.identity),
    jwtPayload: safe1(host.jwtPayload),
    httpRequest: safe7(host.httpRequest),
    httpBodyLength: safe0(host.httpBodyLength),
    take: safe1(host.take),
    takeHttpBody: safe1(host.takeHttpBody),
    startTransaction: safe0(host.startTransaction),
    commitTransaction: safe0(host.commitTransaction),
    abortTransaction: safe0(host.abortTransaction),
    decodeUtf8(buffer, offset, length, isFatal) {
      try {
        return decodeUtf8(buffer, offset, length, isFatal);
      } catch {
        throw overflow();
      }
    },
    encodeUtf8(text, buffer) {
      try {
        return encodeUtf8(text, buffer);
      } catch {
        throw overflow();
      }
    },
    utf8Length: safe1(host.utf8Length),
    result: safe3(host.result),
    secondResult: safe3(host.secondResult),
    threw: safe3(host.threw),
  };
}
