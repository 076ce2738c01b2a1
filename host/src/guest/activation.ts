// Activation: one running function of the module, with its name and its rights.

import { type Index, type Table } from '../datastore/table.ts';
import type { Transaction } from '../datastore/transaction.ts';
import type { Isolation } from './isolated/isolated-realm.ts';
import type { CallLimits, Watchdog } from './watchdog.ts';

/** Records the read set of a view. */
export interface ReadSet {
  /** The rows with this full key of an index. */
  point(index: Index, key: string): void;
  /** Any other read of a table. */
  whole(table: Table): void;
}

/** The transactions of a procedure. Each method may throw a HostError, which the module can catch. */
export interface TransactionControl {
  begin(): { readonly tx: Transaction; readonly timestamp: bigint };
  /** Ends the transaction in any case: if it throws, everything was rolled back. */
  commit(tx: Transaction): void;
  rollback(tx: Transaction): void;
}

/** A running function. The host creates one for each call. */
export interface Activation {
  /** Canonical name, for the module log. */
  readonly functionName: string;
  /** The open transaction; a procedure opens and closes it. */
  tx: Transaction | undefined;
  /** Set for views, which read only. */
  readonly reads?: ReadSet;
  /** Set for procedures and handlers. */
  readonly control?: TransactionControl;
}

/** A line of the module log, from the module or from the host about it. */
export interface LogLine {
  /** As `console_log` numbers them: 0 error, 1 warn, 2 info, 3 debug, 4 trace, 101 panic. */
  readonly level: number;
  readonly message: string;
  readonly functionName: string | undefined;
  readonly line: number | undefined;
  readonly trace?: readonly string[];
}

/** The response to a module's HTTP request: BSATN of `HttpResponse`, and the body. */
export interface HttpReply {
  readonly response: Uint8Array;
  readonly body: Uint8Array;
}

/** The watchdog and the limits of calls. */
export interface Watch {
  readonly watchdog: Watchdog;
  readonly limits: CallLimits;
  /** True if the caller runs inside `guard` and cleans up; otherwise each call of the module gets its own guard. */
  isCovered: boolean;
}

/** The services of the database that a guest uses. */
export interface GuestHooks {
  /** Without it calls have no limits. */
  readonly watch?: Watch;
  /** Runs the module in a process of its own; `watch` is undefined then. */
  readonly isolation?: Isolation;
  readonly identity: bigint;
  /** True if the engine's own errors may have stack frames; realm/errors.ts explains how a hostile module abuses them. */
  readonly isTrusted: boolean;
  log(line: LogLine): void;
  /** The JWT payload of a connected client. */
  claimsOf(connectionId: bigint): Uint8Array | undefined;
  /** Throws `schedule/too-far` if a row just written to a scheduled table is due beyond the range of timers. */
  checkSchedule(table: Table, row: Uint8Array): void;
  /** Runs a reducer after the current call, even if that fails. */
  scheduleImmediate(reducer: string, args: Uint8Array): void;
  /** Sends an HTTP request and waits for the response. Throws `call/http-failed`. */
  fetch(request: Uint8Array, body: Uint8Array | string): HttpReply;
  monotonic(): number;
}
