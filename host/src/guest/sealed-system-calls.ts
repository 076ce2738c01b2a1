// The system calls as a realm receives them: no object of the host leaves through them, and the watchdog does not cut a call
// while the host handles one of its system calls.

import type { HostSide, RowSide } from './host-side.ts';
import type { Watchdog } from './watchdog.ts';

/* eslint-disable @typescript-eslint/only-throw-error -- an error object of the host is what must not be thrown */

/** Thrown in place of the engine's error when the stack ends inside the host: a primitive leads nowhere. */
const STACK_ENDED = 'the stack ended in the host';

/**
 * Wraps the system calls. Calls that change nothing in the host are not marked for the watchdog: they may be cut off like
 * the module. The hottest are written out so that the engine can inline them.
 */
export function sealSystemCalls(host: HostSide, watchdog: Watchdog | undefined): HostSide {
  const { rows } = host;
  const { words, inGuest } = watchdog ?? UNWATCHED;
  const enterHost = watchdog ? () => watchdog.enterHost() : () => {};

  /** Wraps a system call that is not cut off. */
  const guarded =
    <Args extends unknown[], Result>(call: (...args: Args) => Result): ((...args: Args) => Result) =>
    (...args) => {
      try {
        enterHost();
        return call(...args);
      } catch {
        throw STACK_ENDED;
      } finally {
        // Without a function call: there may be no stack left for one.
        words[inGuest] = 1;
      }
    };
  /** Wraps a system call that may be cut off. */
  const loose =
    <Args extends unknown[], Result>(call: (...args: Args) => Result): ((...args: Args) => Result) =>
    (...args) => {
      try {
        return call(...args);
      } catch {
        throw STACK_ENDED;
      }
    };

  const sealedRows: RowSide = {
    tableId: guarded(name => rows.tableId(textFrom(name))),
    indexId: guarded(name => rows.indexId(textFrom(name))),
    rowCount: guarded(table => rows.rowCount(table)),
    scanTable: guarded(table => rows.scanTable(table)),
    scanPoint(index, buffer, length) {
      try {
        enterHost();
        return rows.scanPoint(index, buffer, length);
      } catch {
        throw STACK_ENDED;
      } finally {
        words[inGuest] = 1;
      }
    },
    scanRange: guarded((...args) => rows.scanRange(...args)),
    advance(iterator, buffer) {
      try {
        enterHost();
        return rows.advance(iterator, buffer);
      } catch {
        throw STACK_ENDED;
      } finally {
        words[inGuest] = 1;
      }
    },
    closeIterator(iterator) {
      try {
        enterHost();
        return rows.closeIterator(iterator);
      } catch {
        throw STACK_ENDED;
      } finally {
        words[inGuest] = 1;
      }
    },
    insert(table, buffer, length) {
      try {
        enterHost();
        return rows.insert(table, buffer, length);
      } catch {
        throw STACK_ENDED;
      } finally {
        words[inGuest] = 1;
      }
    },
    update(table, index, buffer, length) {
      try {
        enterHost();
        return rows.update(table, index, buffer, length);
      } catch {
        throw STACK_ENDED;
      } finally {
        words[inGuest] = 1;
      }
    },
    deletePoint(index, buffer, length) {
      try {
        enterHost();
        return rows.deletePoint(index, buffer, length);
      } catch {
        throw STACK_ENDED;
      } finally {
        words[inGuest] = 1;
      }
    },
    deleteRange: guarded((...args) => rows.deleteRange(...args)),
    deleteEqual: guarded((table, buffer, length) => rows.deleteEqual(table, buffer, length)),
    clear: guarded(table => rows.clear(table)),
  };
  return {
    rows: sealedRows,
    errno: loose(() => host.errno()),
    reason: loose(() => host.reason()),
    neededBytes: loose(() => host.neededBytes()),
    scheduleImmediate: guarded((reducer, buffer, offset, length) =>
      host.scheduleImmediate(textFrom(reducer), buffer, offset, length),
    ),
    log: guarded((level, message, stack) => host.log(level, textFrom(message), textFrom(stack))),
    startTimer: guarded(name => host.startTimer(textFrom(name))),
    endTimer: guarded(timer => host.endTimer(timer)),
    identity: loose(() => host.identity()),
    jwtPayload: guarded(connectionId => host.jwtPayload(connectionId)),
    httpRequest: guarded((request, requestOffset, requestLength, bodyText, body, bodyOffset, bodyLength) => {
      const text = bodyText === undefined ? undefined : textFrom(bodyText);
      return host.httpRequest(request, requestOffset, requestLength, text, body, bodyOffset, bodyLength);
    }),
    httpBodyLength: loose(() => host.httpBodyLength()),
    take: loose(buffer => host.take(buffer)),
    takeHttpBody: loose(buffer => host.takeHttpBody(buffer)),
    startTransaction: guarded(() => host.startTransaction()),
    commitTransaction: guarded(() => host.commitTransaction()),
    abortTransaction: guarded(() => host.abortTransaction()),
    decodeUtf8(buffer, offset, length, isFatal) {
      try {
        return host.decodeUtf8(buffer, offset, length, isFatal);
      } catch {
        throw STACK_ENDED;
      }
    },
    encodeUtf8(text, buffer) {
      try {
        return host.encodeUtf8(textFrom(text), buffer);
      } catch {
        throw STACK_ENDED;
      }
    },
    utf8Length: loose(text => host.utf8Length(textFrom(text))),
    result: loose((buffer, offset, length) => host.result(buffer, offset, length)),
    secondResult: loose((buffer, offset, length) => host.secondResult(buffer, offset, length)),
    threw: loose((message, text, stack) => host.threw(textFrom(message), textFrom(text), textFrom(stack))),
  };
}

/** Words that nothing reads. */
const UNWATCHED = { words: new Int32Array(1), inGuest: 0 };

/** Throws unless the value is a string: functions of Node.js call methods of other arguments, or show them in errors. */
function textFrom(value: string): string {
  if (typeof value !== 'string') throw new TypeError('a string is expected');
  return value;
}
