// System calls for a watched module: the watchdog does not cut a call while the host handles one of its system calls.

import type { HostSide, RowSide } from './host-side.ts';
import type { Watchdog } from './watchdog.ts';

/**
 * Wraps the system calls. Calls that change nothing in the host are not wrapped: they may be cut off like the module.
 * The hottest are written out so that the engine can inline them.
 */
export function guardedSystemCalls(host: HostSide, watchdog: Watchdog): HostSide {
  const { rows } = host;
  const { words, inGuest } = watchdog;
  const guardedRows: RowSide = {
    tableId: watchdog.guarded(name => rows.tableId(name)),
    indexId: watchdog.guarded(name => rows.indexId(name)),
    rowCount: watchdog.guarded(table => rows.rowCount(table)),
    scanTable: watchdog.guarded(table => rows.scanTable(table)),
    scanPoint(index, buffer, length) {
      try {
        watchdog.enterHost();
        return rows.scanPoint(index, buffer, length);
      } finally {
        words[inGuest] = 1;
      }
    },
    scanRange: watchdog.guarded((...args) => rows.scanRange(...args)),
    advance(iterator, buffer) {
      try {
        watchdog.enterHost();
        return rows.advance(iterator, buffer);
      } finally {
        words[inGuest] = 1;
      }
    },
    closeIterator(iterator) {
      try {
        watchdog.enterHost();
        return rows.closeIterator(iterator);
      } finally {
        words[inGuest] = 1;
      }
    },
    insert(table, buffer, length) {
      try {
        watchdog.enterHost();
        return rows.insert(table, buffer, length);
      } finally {
        words[inGuest] = 1;
      }
    },
    update(table, index, buffer, length) {
      try {
        watchdog.enterHost();
        return rows.update(table, index, buffer, length);
      } finally {
        words[inGuest] = 1;
      }
    },
    deletePoint(index, buffer, length) {
      try {
        watchdog.enterHost();
        return rows.deletePoint(index, buffer, length);
      } finally {
        words[inGuest] = 1;
      }
    },
    deleteRange: watchdog.guarded((...args) => rows.deleteRange(...args)),
    deleteEqual: watchdog.guarded((table, buffer, length) => rows.deleteEqual(table, buffer, length)),
    clear: watchdog.guarded(table => rows.clear(table)),
  };
  return {
    rows: guardedRows,
    errno: () => host.errno(),
    reason: () => host.reason(),
    neededBytes: () => host.neededBytes(),
    scheduleImmediate: watchdog.guarded((...args) => host.scheduleImmediate(...args)),
    log: watchdog.guarded((level, message, stack) => host.log(level, message, stack)),
    startTimer: watchdog.guarded(name => host.startTimer(name)),
    endTimer: watchdog.guarded(timer => host.endTimer(timer)),
    identity: () => host.identity(),
    jwtPayload: watchdog.guarded(connectionId => host.jwtPayload(connectionId)),
    httpRequest: watchdog.guarded((...args) => host.httpRequest(...args)),
    httpBodyLength: () => host.httpBodyLength(),
    take: buffer => host.take(buffer),
    takeHttpBody: buffer => host.takeHttpBody(buffer),
    startTransaction: watchdog.guarded(() => host.startTransaction()),
    commitTransaction: watchdog.guarded(() => host.commitTransaction()),
    abortTransaction: watchdog.guarded(() => host.abortTransaction()),
    decodeUtf8: (buffer, offset, length) => host.decodeUtf8(buffer, offset, length),
    isUtf8: (buffer, offset, length) => host.isUtf8(buffer, offset, length),
    encodeUtf8: (text, buffer) => host.encodeUtf8(text, buffer),
    utf8Length: text => host.utf8Length(text),
    result: (buffer, offset, length) => host.result(buffer, offset, length),
    secondResult: (buffer, offset, length) => host.secondResult(buffer, offset, length),
    threw: (message, text, stack) => host.threw(message, text, stack),
  };
}
